/**
 * Whatever is wrong with a run ends it as `Failed` with a reason of its own and a sentence that names the thing and the remedy,
 * before a GPU is spent where that can be known, and with the service as it was.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { breakModel } from './lib/broken-model.ts';
import { apply, list, type Resource } from './lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { condition, samplePruneJob, untilFinished } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';
import { running, serve, type Running } from './lib/service.ts';

const namespace = 'e2e-bad-input';
const service = 'tiny-moe';
const model = 's3://models/bad-input/tiny-moe/';
const output = 's3://models/bad-input/pruned/';
const broken = (kind: string): string => `s3://models/bad-input/${kind}/`;

interface Row {
  readonly name: string;
  readonly overlay: Record<string, unknown>;
  readonly reason: string;
  /** What the sentence must name. */
  readonly names: RegExp;
}

const rows: readonly Row[] = [
  {
    name: 'missing-model',
    overlay: { model: { uri: 's3://models/bad-input/absent/' } },
    reason: 'ModelNotFound',
    names: /s3:\/\/models\/bad-input\/absent\//,
  },
  {
    name: 'wrong-key',
    overlay: { model: { uri: model }, runner: { serviceAccountName: 'stranger' } },
    reason: 'ModelUnreadable',
    names: /s3:\/\/models\/bad-input\/tiny-moe\//,
  },
  { name: 'missing-bucket', overlay: { model: { uri: 's3://no-such-bucket/m/' } }, reason: 'ModelUnreadable', names: /no-such-bucket/ },
  { name: 'truncated', overlay: { model: { uri: broken('truncated') } }, reason: 'ModelCorrupt', names: /model\.safetensors/ },
  { name: 'pickle', overlay: { model: { uri: broken('pickle') } }, reason: 'ModelCorrupt', names: /safetensors/ },
  { name: 'dense', overlay: { model: { uri: broken('dense') } }, reason: 'NotMoE', names: /experts/ },
  { name: 'too-few-experts', overlay: { pruning: { targetSparsity: 0.99, experts: { ratio: 0.97 } } }, reason: 'TooFewExperts', names: /each token uses 2.*at most 0\.9375/ },
  { name: 'no-gpu-saved', overlay: { pruning: { experts: { ratio: 0.1 } } }, reason: 'NoGPUSaved', names: /ratio/ },
];

let folder: string;
let before: Running | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stun-bad-input-'));
  await freshNamespace(namespace);
  await s3.remove('s3://models/bad-input/');
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
  for (const kind of ['truncated', 'pickle', 'dense'] as const) {
    await s3.put(await breakModel(kind, folder), broken(kind));
  }
  await serve(service, namespace, { uri: model, gpus: 4 });
  before = await running(service, namespace);
  await makeStranger();
  for (const { name, overlay } of rows) {
    await apply(await samplePruneJob(name, { model: { uri: model }, output: { uri: output }, ...overlay }), namespace);
  }
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await emptyNamespace(namespace);
  await s3.remove('s3://models/bad-input/');
});

/** A ServiceAccount whose Secret has the key of nobody: the bucket is there, and closed to it. */
async function makeStranger(): Promise<void> {
  const { S3_ENDPOINT = '', AWS_DEFAULT_REGION = '' } = process.env;
  const stringData = { AWS_ACCESS_KEY_ID: 'stranger', AWS_SECRET_ACCESS_KEY: 'of-nobody', S3_ENDPOINT, AWS_DEFAULT_REGION };
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'stranger' }, stringData }, namespace);
  await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'stranger', labels: { 'stun-operator.io/runner': 'true' } }, secrets: [{ name: 'stranger' }] }, namespace);
}

describe('a run that cannot succeed', () => {
  it.each(rows)('$name fails with $reason, without a GPU', async ({ name, reason, names }) => {
    const job = await untilFinished(name, namespace, 300);
    const failed = condition(job, 'Failed');
    expect(failed?.reason, failed?.message).toBe(reason);
    expect(failed?.message).toMatch(names);
    const jobs = await list<Resource>('jobs', namespace, `stun-operator.io/prunejob=${name},stun-operator.io/stage=prune`);
    expect(jobs).toEqual([]);
  });

  it('leaves the service and the bucket as they were', async () => {
    const after = await running(service, namespace);
    expect(after?.pods.map((pod) => pod.metadata.uid)).toEqual(before?.pods.map((pod) => pod.metadata.uid));
    expect(after?.sourceUri).toBe(model);
    expect(await s3.list(output)).toEqual([]);
  });
});
