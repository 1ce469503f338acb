/**
 * What must be true after every fault: the right end, exactly one published model and it is the one of an undisturbed run, one Job
 * for each attempt, the service moved or as it was, and nothing left behind.
 */
import { expect } from 'vitest';

import { kubectl, list } from '../../lib/kubectl.ts';
import { condition, explain, finished, type PruneJob } from '../../lib/prunejob.ts';
import * as s3 from '../../lib/s3.ts';
import { running, serves, type Running } from '../../lib/service.ts';
import { waitFor } from '../../lib/wait.ts';
import { enginePods, firstLayer } from '../../lib/engine.ts';
import { patience } from '../../lib/patience.ts';
import { model, namespace, service, type Scene } from './scene.ts';

export interface Expected {
  /** The reason of Complete or Failed. */
  readonly end: string;
  /** Whether the model is there all the same; as the service, only when the run finished, unless said. */
  readonly published?: boolean;
  /** The Jobs, one for each attempt; the first prune Job, after an inspect Job where there is a service, unless said. */
  readonly jobs?: readonly string[];
  /** Pods that pruned, one after the other; 1 unless said. */
  readonly pods?: number;
  /** Whether the last of them went on behind what the ones before it had finished. */
  readonly resumes?: boolean;
}

/** What people read is short: a fault may add some Events, and must not add a flood. */
const mostEvents = 30;

export async function expectOutcome(scene: Scene, expected: Expected, digest: string): Promise<void> {
  const job = await scene.ends();
  const moved = expected.end === 'Finished';
  expect((condition(job, 'Complete') ?? condition(job, 'Failed'))?.reason, explain(job)).toBe(expected.end);
  expectJobs(scene, expected);
  if (expected.resumes === true) await expectResumed(scene.name);
  await (expected.published ?? moved ? expectPublished(scene, job, digest) : expectUnpublished(scene));
  if (scene.before !== undefined) await (moved ? expectMoved(job) : expectAsBefore(scene.before));
  await expectNothingLeft(scene);
}

/** Told by the log of the last pod, so not after the pods were cleared away. */
export async function expectResumed(pruneJob: string): Promise<void> {
  const last = (await enginePods(pruneJob, namespace)).at(-1);
  expect(await firstLayer(last, namespace), 'the first layer of the last pod').toBeGreaterThan(1);
}

function expectJobs({ name, before, history }: Scene, { jobs, pods = 1 }: Expected): void {
  const wanted = jobs ?? (before === undefined ? ['prune-1'] : ['inspect-1', 'prune-1']);
  expect(history.created('jobs', `${name}-`), 'Jobs ever made').toEqual(wanted.map((job) => `${name}-${job}`));
  expect(history.created('pods', `${name}-prune-`), 'pods that pruned').toHaveLength(pods);
  expect(history.created('events', `${name}.`).length, 'Events about the PruneJob').toBeLessThanOrEqual(mostEvents);
}

async function expectPublished({ output }: Scene, job: PruneJob, digest: string): Promise<void> {
  const { uri = '', manifestDigest } = job.status?.result ?? {};
  const stored = await s3.list(output);
  expect(stored.filter(({ key }) => key.endsWith('stun-manifest.json')), 'published models').toHaveLength(1);
  expect(stored.filter(({ key }) => !`s3://models/${key}`.startsWith(uri)), 'objects beside the published model').toEqual([]);
  expect(await s3.digest(`${uri}stun-manifest.json`)).toBe(manifestDigest);
  expect(manifestDigest, 'the digest of an undisturbed run').toBe(digest);
  await s3.engine('verify', '--model', uri);
}

async function expectUnpublished({ output }: Scene): Promise<void> {
  const stored = await s3.list(output);
  expect(stored.filter(({ key }) => key.endsWith('stun-manifest.json')), 'published models').toEqual([]);
}

async function expectMoved({ status }: PruneJob): Promise<void> {
  const uri = status?.result?.uri ?? '';
  await waitFor(`${service} to serve ${uri} on 2 GPUs`, patience, () => serves(service, namespace, { uri, gpus: 2 }));
}

/** On the very pods that served before: they never stopped. */
async function expectAsBefore(before: Running): Promise<void> {
  await waitFor(`${service} to serve ${model} on 4 GPUs`, patience, () => serves(service, namespace, { uri: model, gpus: 4 }));
  const after = await running(service, namespace);
  expect(after?.pods.map(({ metadata }) => metadata.uid), 'pods of the service').toEqual(before.pods.map(({ metadata }) => metadata.uid));
}

/** What is over stays over, lets go of itself, and takes its Jobs and pods along when it is deleted. */
async function expectNothingLeft(scene: Scene): Promise<void> {
  const { name, history } = scene;
  await scene.isReleased();
  const versions = history.versions(name);
  expect(versions.slice(versions.findIndex(finished)).every(finished), 'the end is final').toBe(true);
  await kubectl(['delete', 'prunejob', name, '-n', namespace, '--wait', '--timeout=60s']);
  await waitFor(`everything of ${name} to be gone`, patience, async () => {
    const left = await list('jobs,pods,persistentvolumeclaims', namespace, `stun-operator.io/prunejob=${name}`);
    return left.length === 0;
  });
}
