/** A plain Deployment, moved to the pruned model on fewer GPUs, and back when it comes too late. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { deploy, podsOf, type Deployment } from './lib/deployment.ts';
import { apply, get, kubectl } from './lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { condition, isTrue, samplePruneJob, untilFinished, type PruneJob } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';
import { waitFor } from './lib/wait.ts';

const namespace = 'e2e-deployment';
const name = 'plain';
const model = 's3://models/deployment/tiny-moe/';
const output = 's3://models/deployment/pruned/';
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name };

async function move(job: string, overlay: Record<string, unknown>): Promise<PruneJob> {
  await apply(await samplePruneJob(job, { model: { uri: model }, output: { uri: output }, serving: { ref, ...overlay } }), namespace);
  return untilFinished(job, namespace, 600);
}

async function live(): Promise<Deployment> {
  const deployment = await get<Deployment>('deployment', name, namespace);
  if (deployment === undefined) throw new Error(`Deployment ${name} is gone.`);
  return deployment;
}

beforeAll(async () => {
  await freshNamespace(namespace);
  await s3.remove('s3://models/deployment/');
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
});

afterAll(async () => {
  await emptyNamespace(namespace);
  await s3.remove('s3://models/deployment/');
});

describe('a Deployment', () => {
  it('that times out is put back to the last field, and its pod never stops', async () => {
    const before = await deploy(name, namespace, { uri: model, gpus: 4 });
    const [pod] = await podsOf(name, namespace);
    const job = await move('too-late', { strategy: 'Surge', timeout: '3s' });
    expect(isTrue(job, 'RolledBack'), JSON.stringify(job.status?.conditions)).toBe(true);
    expect((await live()).spec).toEqual(before.spec);
    expect((await live()).metadata.annotations).not.toHaveProperty(['stun-operator.io/receipt']);
    const pods = await waitFor('its own pod to be alone', 120, async () => {
      const now = await podsOf(name, namespace);
      return now.length === 1 ? now : undefined;
    });
    expect(pods[0]?.metadata.uid).toBe(pod?.metadata.uid);
  });

  it('whose server is ready with the pruned model and answers no request is put back', async () => {
    await deploy(name, namespace, { uri: model, gpus: 4, onlyDense: true });
    const job = await move('silent', { strategy: 'Surge', timeout: '2m' });
    expect(condition(job, 'Failed'), JSON.stringify(job.status)).toMatchObject({ reason: 'RolledBack', message: expect.stringContaining('does not answer completions, as it did before') as string });
    expect(condition(job, 'Failed')?.message).toContain('answers a completion with 500');
    expect(job.status?.serving?.previous).toMatchObject({ answered: true });
    const { template } = (await live()).spec;
    expect(template.metadata.annotations?.['stun-operator.io/model-uri']).toBe(model);
    const pods = await podsOf(name, namespace);
    expect(pods.map((pod) => pod.spec.containers[0]?.resources?.limits?.['nvidia.com/gpu'])).toEqual(['4']);
  });

  it.each([
    { strategy: 'Surge', says: /GPU-hours a day saved\.$/ },
    { strategy: 'Recreate', says: /It was down for [0-9]+ s\.$/ },
  ])('ends on 2 GPUs of 4 by $strategy, with the pruned model and its own way of replacing pods', async ({ strategy, says }) => {
    const before = await deploy(name, namespace, { uri: model, gpus: 4 });
    const job = await move(strategy.toLowerCase(), { strategy });
    expect(isTrue(job, 'Complete'), JSON.stringify(job.status?.conditions)).toBe(true);
    expect(job.status).toMatchObject({ serving: { previous: { answered: true } }, conditions: expect.arrayContaining([expect.objectContaining({ type: 'Complete', message: expect.stringMatching(says) as string })]) as object[] });
    const { spec } = await live();
    const { strategy: own, progressDeadlineSeconds, template } = spec;
    expect({ own, progressDeadlineSeconds }).toEqual({ own: before.spec.strategy, progressDeadlineSeconds: 600 });
    expect(template.metadata.annotations?.['stun-operator.io/model-uri']).toBe(job.status?.result?.uri);
    expect(template.spec.containers[0]?.args).toEqual(['/mnt/models', '--served-model-name=tiny-moe', '-tp', '2']);
    const pods = await podsOf(name, namespace);
    expect(pods.map((pod) => pod.spec.containers[0]?.resources?.limits?.['nvidia.com/gpu'])).toEqual(['2']);
    const config = JSON.parse(await kubectl(['exec', '-n', namespace, `deployment/${name}`, '--', 'cat', '/mnt/models/config.json'])) as { num_local_experts: number };
    expect(config.num_local_experts).toBe(job.status?.result?.expertsAfter);
  });
});
