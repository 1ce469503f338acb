/**
 * What must be true after every hand-over: the service is what was planned or what it was, to the byte; nobody else's pod has its GPUs; nothing
 * of a canary is left; the field manager that moved it has let go of what it put back; and there is one published model.
 */
import { expect } from 'vitest';

import { annotations, fieldManager } from '../../../src/api/names.ts';
import { get, list } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { condition, explain, isTrue, type PruneJob } from '../../lib/prunejob.ts';
import * as s3 from '../../lib/s3.ts';
import { gpuResource, podGPUs, running, serves, type InferenceService, type Pod } from '../../lib/service.ts';
import { waitFor } from '../../lib/wait.ts';
import type { Expected } from './row.ts';
import { live, model, namespace, output, service, type Scene } from './scene.ts';

export async function expectOutcome(scene: Scene, expected: Expected): Promise<void> {
  if (expected.end !== 'Deleted') expectEnd(await scene.ends(), expected);
  const uri = scene.pruneJob?.status?.result?.uri ?? '';
  const moved = expected.service === 'Moved';
  await expectServes(moved ? { uri, gpus: 2 } : { uri: model, gpus: 4 });
  await (moved ? expectMoved(scene, uri) : expectAsBefore(scene));
  if (expected.service === 'Untouched') expect(await servingPods(), 'the pods that serve').toEqual(scene.before.pods);
  await scene.requests.end();
  expectRequests(scene, expected);
  await expectOneModel();
}

function expectEnd(job: PruneJob, { end, says = /./ }: Expected): void {
  const last = condition(job, 'Complete') ?? condition(job, 'Failed');
  expect(last?.reason, explain(job)).toBe(end);
  expect(last?.message).toMatch(says);
  expect(isTrue(job, 'Complete') !== isTrue(job, 'Failed'), 'one end').toBe(true);
}

/** These pods and no others, with their GPUs and nobody else's. */
async function expectServes(wanted: { readonly uri: string; readonly gpus: number }): Promise<void> {
  await waitFor(`${service} to serve ${wanted.uri} on ${wanted.gpus} GPUs`, patience, () => serves(service, namespace, wanted));
  expect(await gpusInUse(), 'GPUs in use').toBe(wanted.gpus);
  expect(await get('deployment', `${service}-stun-predictor`, namespace), 'the Deployment of the canary').toBeUndefined();
  expect(await get('horizontalpodautoscaler', `${service}-stun-predictor`, namespace), 'an autoscaler of the canary').toBeUndefined();
}

async function gpusInUse(): Promise<number> {
  const pods = await list<Pod>('pods', namespace, 'serving.kserve.io/inferenceservice');
  return pods.reduce((sum, pod) => sum + podGPUs(pod), 0);
}

async function servingPods(): Promise<(string | undefined)[]> {
  return (await running(service, namespace))?.pods.map(({ metadata }) => metadata.uid) ?? [];
}

async function expectMoved({ before, pruneJob }: Scene, uri: string): Promise<void> {
  const after = await live();
  expect(JSON.stringify(after?.spec)).toBe(JSON.stringify(moved(before.service, uri)));
  const receipt = JSON.parse(after?.metadata.annotations?.[annotations.receipt] ?? '{}') as object;
  expect(receipt).toMatchObject({ previousUri: model, gpusBefore: 4, gpusAfter: 2, manifestDigest: pruneJob?.status?.result?.manifestDigest });
}

function moved({ spec: { predictor, ...spec } }: InferenceService, storageUri: string): InferenceService['spec'] {
  const gpus = { [gpuResource]: '2' };
  const { model: was } = predictor;
  return { ...spec, predictor: { ...predictor, model: { ...was, args: ['--tensor-parallel-size=2'], resources: { limits: gpus, requests: gpus }, storageUri } } };
}

async function expectAsBefore({ before: { service: was } }: Scene): Promise<void> {
  const after = await live();
  expect(JSON.stringify(after?.spec)).toBe(JSON.stringify(was.spec));
  expect(after?.metadata.annotations).toEqual(was.metadata.annotations);
  expect(after?.metadata.managedFields?.map(({ manager }) => manager), 'field managers').not.toContain(fieldManager);
}

function expectRequests({ requests }: Scene, { requests: wanted }: Expected): void {
  expect(requests.asked).toBeGreaterThan(10);
  if (wanted === 'AllAnswered') expect(requests.failures, `failures of ${requests.asked} requests: ${JSON.stringify(requests.summary)}`).toEqual([]);
  else expect(requests.downSeconds).toBeGreaterThan(1);
}

async function expectOneModel(): Promise<void> {
  const manifests = (await s3.list(output)).filter(({ key }) => key.endsWith('stun-manifest.json'));
  expect(manifests, 'published models').toHaveLength(1);
}
