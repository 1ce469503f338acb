/** The chart is upgraded, rolled back, taken away and put back while a PruneJob prunes, and the run never notices. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { onlyContainer, runningPod, type Pod } from './lib/containers.ts';
import { History, stagePods } from './lib/history.ts';
import { apply, get, list, type Resource } from './lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { freshOperator, leader, operatorNamespace } from './lib/operator.ts';
import { isTrue, read, samplePruneJob, untilFinished } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';
import { waitFor } from './lib/wait.ts';

const run = promisify(execFile);
const namespace = 'e2e-upgrade';
const storage = 's3://models/upgrade/';
const model = `${storage}tiny-moe/`;
const release = 'stun-operator';
const chart = fileURLToPath(new URL('../charts/stun-operator', import.meta.url));
const install = fileURLToPath(new URL('lib/install-operator', import.meta.url));

type Deployment = Resource<{ replicas: number }, { readyReplicas?: number }>;

beforeAll(async () => {
  await freshNamespace(namespace);
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
});

afterAll(async () => {
  await run(install);
  await freshOperator(1);
  await emptyNamespace(namespace);
  await s3.remove(storage);
});

it('an upgrade and a rollback go over a run that prunes: one Job, one pod, one attempt', async () => {
  await using history = await History.begin(namespace);
  await frozen(await prune('upgraded'), async () => {
    await pruning('upgraded');
    const before = await revision();
    await helm('upgrade', release, chart, '--reset-then-reuse-values', '--set', 'replicas=2,logLevel=debug,podDisruptionBudget.enabled=true,networkPolicy.enabled=true', '--wait', '--timeout=180s');
    expect(await get<Deployment>('deployment', release, operatorNamespace)).toMatchObject({ spec: { replicas: 2 }, status: { readyReplicas: 2 } });
    await leader();
    await helm('rollback', release, `${before}`, '--wait', '--timeout=180s');
    expect((await get<Deployment>('deployment', release, operatorNamespace))?.spec.replicas).toBe(1);
    expect(await get('networkpolicy', release, operatorNamespace)).toBeUndefined();
    await leader();
  });
  await completes('upgraded', history);
});

it('an uninstall leaves the PruneJobs, and the next install goes on with them', async () => {
  await using history = await History.begin(namespace);
  await frozen(await prune('reinstalled'), async () => {
    await pruning('reinstalled');
    await helm('uninstall', release, '--wait');
    expect(await get('deployment', release, operatorNamespace)).toBeUndefined();
    expect((await read('reinstalled', namespace)).status?.phase).toBe('Pruning');
  });
  await run(install);
  await completes('reinstalled', history);
});

/** Up to an engine at work. */
async function prune(name: string): Promise<Pod> {
  await apply(await samplePruneJob(name, { model: { uri: model }, output: { uri: `${storage}${name}/` }, serving: undefined }), namespace);
  return runningPod(namespace, stagePods(name, 'prune'));
}

function pruning(name: string): Promise<boolean> {
  return waitFor(`PruneJob ${name} to be pruning`, 60, async () => (await read(name, namespace)).status?.phase === 'Pruning');
}

/** The engine's processes stand still meanwhile, so that its run cannot be over before it is to be. */
async function frozen(pod: Pod, meanwhile: () => Promise<void>): Promise<void> {
  const task = (verb: 'pause' | 'resume') => run('ctr', ['-n', 'k8s.io', 'tasks', verb, onlyContainer(pod)?.containerID?.replace('containerd://', '') ?? '']);
  await task('pause');
  try {
    await meanwhile();
  } finally {
    await task('resume');
  }
}

async function completes(name: string, history: History): Promise<void> {
  const job = await untilFinished(name, namespace, 600);
  expect(isTrue(job, 'Complete'), JSON.stringify(job.status?.conditions)).toBe(true);
  expect(job.status?.attempt).toBe(1);
  expect(history.created('jobs', `${name}-`)).toEqual([`${name}-prune-1`]);
  expect(history.created('pods', `${name}-prune-1`)).toHaveLength(1);
  expect(await list('jobs', namespace, `stun-operator.io/prunejob=${name}`)).toHaveLength(1);
}

async function revision(): Promise<number> {
  const history = JSON.parse(await helm('history', release, '--output=json')) as { readonly revision: number; readonly status: string }[];
  return history.find(({ status }) => status === 'deployed')?.revision ?? 0;
}

async function helm(...args: readonly string[]): Promise<string> {
  return (await run('helm', [...args, '--namespace', operatorNamespace])).stdout;
}
