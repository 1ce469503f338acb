/** From a served model to the same model on fewer GPUs, and back where it was when that cannot be. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { apply, get, kubectl, list, type Resource } from './lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { condition, isTrue, read, samplePruneJob, untilFinished, type PruneJob } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';
import { running, serve, serves } from './lib/service.ts';
import { waitFor } from './lib/wait.ts';

const run = promisify(execFile);
const demo = fileURLToPath(new URL('demo/main.ts', import.meta.url));
const namespace = 'e2e-handover';
const service = 'tiny-moe';
const model = 's3://models/handover/tiny-moe/';
const output = 's3://models/handover/pruned/';

async function applySample(name: string, overlay: Record<string, unknown>): Promise<void> {
  await apply(await samplePruneJob(name, { model: { uri: model }, output: { uri: `${output}${name}/` }, ...overlay }), namespace);
}

async function pruneJobs(name: string): Promise<Resource[]> {
  return list('jobs', namespace, `stun-operator.io/prunejob=${name},stun-operator.io/stage=prune`);
}

beforeAll(async () => {
  await freshNamespace(namespace);
  await s3.remove('s3://models/handover/');
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
});

afterAll(async () => {
  await emptyNamespace(namespace);
  await s3.remove('s3://models/handover/');
});

describe('the demo', () => {
  it('takes the sample from 4 GPUs to 2 and proves it', async () => {
    const { stdout } = await run(process.execPath, [demo], { maxBuffer: 16 * 1024 * 1024 });
    expect(stdout).toContain('gpus 4 -> 2');
  });
});

describe('a hand-over', () => {
  it('by Recreate ends with the pruned model on the planned GPUs', async () => {
    await serve(service, namespace, { uri: model, gpus: 4 });
    await applySample('recreate', { serving: { strategy: 'Recreate' } });
    const job = await untilFinished('recreate', namespace, 600);
    expect(condition(job, 'Complete')?.status, JSON.stringify(job.status?.conditions)).toBe('True');
    const uri = job.status?.result?.uri ?? '';
    expect(await serves(service, namespace, { uri, gpus: 2 })).toBe(true);
  });

  it('is taken back after Complete when serving.rollbackRequested asks for it', async () => {
    await kubectl(['patch', 'prunejob', 'recreate', '-n', namespace, '--type=merge', '-p', '{"spec": {"serving": {"rollbackRequested": true}}}']);
    const job = await waitFor('the rollback', 300, async () => {
      const now = await read('recreate', namespace);
      return now.status?.phase === 'RolledBack' ? now : undefined;
    });
    expect([isTrue(job, 'RolledBack'), isTrue(job, 'Complete'), isTrue(job, 'Served')], JSON.stringify(job.status?.conditions)).toEqual([true, true, false]);
    expect(await serves(service, namespace, { uri: model, gpus: 4 })).toBe(true);
  });

  it('by a canary that is late takes the canary away, and never touches the pods that serve', async () => {
    const before = await running(service, namespace);
    // The run of `recreate` again: its model is published, so this one begins with the canary.
    await applySample('late-canary', { output: { uri: `${output}recreate/` }, serving: { strategy: 'Canary', timeout: '3s' } });
    const job = await untilFinished('late-canary', namespace, 300);
    expect(condition(job, 'Failed'), JSON.stringify(job.status)).toMatchObject({ reason: 'RolledBack', message: expect.stringContaining('The canary was not ready') as string });
    expect(job.status?.serving?.rollout?.canaryWrittenAt, 'the canary was never asked for').toBeDefined();
    const pods = async () => (await running(service, namespace))?.pods.map((pod) => pod.metadata.uid) ?? [];
    const served = before?.pods.map((pod) => pod.metadata.uid) ?? [];
    expect(await pods()).toEqual(expect.arrayContaining(served));
    await waitFor('the pod of the canary to go', 60, async () => (await pods()).length === served.length);
    expect(await pods()).toEqual(served);
    expect(await get('deployment', `${service}-stun-predictor`, namespace)).toBeUndefined();
  });

  it('never begins when the quality gate refuses: nothing is published, nothing is touched', async () => {
    await serve(service, namespace, { uri: model, gpus: 4 });
    const before = await running(service, namespace);
    await applySample('refused', { quality: { perplexity: { maxIncrease: 0.01 } } });
    const job = await untilFinished('refused', namespace, 600);
    expect(condition(job, 'Failed')?.reason, condition(job, 'Failed')?.message).toBe('QualityRefused');
    expect(await s3.list(`${output}refused/`)).toEqual([]);
    expect(await running(service, namespace)).toEqual(before);
  });

  it('that times out is put back, and the old pod never stops serving', async () => {
    await serve(service, namespace, { uri: model, gpus: 4 });
    const before = await running(service, namespace);
    await applySample('too-late', { serving: { strategy: 'Surge', timeout: '3s' } });
    const job = await untilFinished('too-late', namespace, 600);
    expect(isTrue(job, 'RolledBack'), JSON.stringify(job.status?.conditions)).toBe(true);
    expect(isTrue(job, 'Failed')).toBe(true);
    expect(job.status?.serving?.rollout?.appliedAt, 'the rollout never began').toBeDefined();
    await waitFor('the service to be as it was', 120, () => serves(service, namespace, { uri: model, gpus: 4 }));
    const after = await running(service, namespace);
    expect(after?.pods.map((pod) => pod.metadata.uid)).toEqual(before?.pods.map((pod) => pod.metadata.uid));
  });
});

describe('a run without a service', () => {
  it('survives a kill -9 of the operator with one engine Job and one published model', async () => {
    await applySample('killed', { serving: undefined });
    await waitFor('the engine to start', 120, async () => (await pruneJobs('killed')).length === 1);
    await kubectl(['delete', 'pods', '-n', 'stun-operator', '--all', '--grace-period=0', '--force', '--wait=false']);
    const job = await untilFinished('killed', namespace, 600);
    expect(isTrue(job, 'Complete'), JSON.stringify(job.status?.conditions)).toBe(true);
    expect(await pruneJobs('killed')).toHaveLength(1);
    const manifests = (await s3.list(`${output}killed/`)).filter((object) => object.key.endsWith('stun-manifest.json'));
    expect(manifests).toHaveLength(1);
  });

  it('reuses the published model when the same run is asked for again', async () => {
    const first = await read('killed', namespace);
    await apply(await samplePruneJob('again', { model: { uri: model }, output: { uri: `${output}killed/` }, serving: undefined }), namespace);
    const again: PruneJob = await untilFinished('again', namespace, 600);
    expect(again.status?.result?.manifestDigest).toBe(first.status?.result?.manifestDigest);
  });
});
