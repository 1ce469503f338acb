/** From a served model to the same model on fewer GPUs, and back where it was when that cannot be: one hand-over of each kind. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

import { apply, kubectl, list, type Resource } from './lib/kubectl.ts';
import { emptyNamespace } from './lib/namespace.ts';
import { isTrue, read, samplePruneJob, untilFinished, type PruneJob } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';
import { waitFor } from './lib/wait.ts';
import { handOver } from './served/lib/row.ts';
import { model, namespace, storage } from './served/lib/scene.ts';
import { setUp } from './served/lib/set-up.ts';
import { rows } from './served/rows/index.ts';

const run = promisify(execFile);
const demo = fileURLToPath(new URL('demo/main.ts', import.meta.url));

async function applySample(name: string, output: string, overlay: Record<string, unknown>): Promise<void> {
  await apply(await samplePruneJob(name, { model: { uri: model }, output: { uri: output }, ...overlay }), namespace);
}

async function pruneJobs(name: string): Promise<Resource[]> {
  return list('jobs', namespace, `stun-operator.io/prunejob=${name},stun-operator.io/stage=prune`);
}

setUp();

describe('a hand-over', () => {
  for (const row of rows.filter(({ always }) => always === true)) it(row.title, () => handOver(row));
});

describe('a run without a service', () => {
  const output = `${storage}killed/`;

  it('survives a kill -9 of the operator with one engine Job and one published model', async () => {
    await applySample('killed', output, { serving: undefined });
    await waitFor('the engine to start', 120, async () => (await pruneJobs('killed')).length === 1);
    await kubectl(['delete', 'pods', '-n', 'stun-operator', '--all', '--grace-period=0', '--force', '--wait=false']);
    const job = await untilFinished('killed', namespace, 600);
    expect(isTrue(job, 'Complete'), JSON.stringify(job.status?.conditions)).toBe(true);
    expect(await pruneJobs('killed')).toHaveLength(1);
    const manifests = (await s3.list(output)).filter((object) => object.key.endsWith('stun-manifest.json'));
    expect(manifests).toHaveLength(1);
  });

  it('reuses the published model when the same run is asked for again', async () => {
    const first = await read('killed', namespace);
    await applySample('again', output, { serving: undefined });
    const again: PruneJob = await untilFinished('again', namespace, 600);
    expect(again.status?.result?.manifestDigest).toBe(first.status?.result?.manifestDigest);
  });
});

describe('the demo', () => {
  // A rollout waits for free GPUs, and what the demo leaves holds some.
  afterAll(() => emptyNamespace('demo'));

  it('takes the sample from 4 GPUs to 2 and proves it', async () => {
    await emptyNamespace(namespace);
    const { stdout } = await run(process.execPath, [demo], { maxBuffer: 16 * 1024 * 1024 });
    expect(stdout).toContain('gpus 4 -> 2');
  });
});
