/** The gate at the endpoint: a Job asks the canary and the service beside it, and the service moves or stays as the answers say. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { apply, get, list, type Resource } from './lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { condition, samplePruneJob, untilFinished, type PruneJob } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';
import { running, serve, serves } from './lib/service.ts';
import { waitFor } from './lib/wait.ts';

const namespace = 'e2e-endpoint';
const service = 'tiny-moe';
const model = 's3://models/endpoint/tiny-moe/';
const output = 's3://models/endpoint/pruned/';
const data = 's3://data/endpoint/';

type Line = readonly [question: string, answer: string];

/**
 * Snippets of the texts that the small model was trained on. It was never taught sums: "right" is the number, or what passes for one, that the
 * dense model writes last. To the questions that are kept the pruned model writes the same, to the others something else.
 */
const examples: readonly Line[] = [
  ['gotten, of jewels of', '1'], ['besides Jacob’s sons’ wives,', '2'], ['recipes>]> .. _PostgreSQL documentation:', '3'], ['next 9 years. ..', '4'], ['called Joseph, and they', '5'],
];
const kept: readonly Line[] = [
  ["example, ``GinIndex(name='json_index', fields=['jsonfield'],", '2'], ['kindled against Uzza, and he smote', '2'],
  ['captain of the', '..'], ['override that specific', '..'], ['instead of sending', '..'], ['will be raised.', '..'],
];
const lost: readonly Line[] = [
  ['to this logger have ``params`` and', '2'], ['the plan is not public API,', '2'], ['``class Meta``. If neither of those', '2'], ['the logarithm of', '1'], ['of Goshen. And', '1'],
];

async function upload(name: string, questions: readonly Line[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stun-endpoint-'));
  const file = join(folder, name);
  const lines = [...examples, ...questions].map(([question, answer]) => JSON.stringify({ question, answer: `It is ${answer}.\n#### ${answer}` }));
  await writeFile(file, `${lines.join('\n')}\n`);
  await s3.put(file, `${data}${name}`);
  await rm(folder, { recursive: true });
}

async function move(name: string, questions: string): Promise<PruneJob> {
  const endpoint = { tasks: [{ name: 'gsm8k', uri: `${data}${questions}`, minRetained: 0.5 }] };
  await apply(await samplePruneJob(name, { model: { uri: model }, output: { uri: output }, quality: { endpoint } }), namespace);
  return untilFinished(name, namespace, 900);
}

async function evaluation(name: string): Promise<Resource<{ template: { spec: { containers: { args: string[]; resources: object }[] } } }> | undefined> {
  return get('job', `${name}-evaluate-1`, namespace);
}

function rolloutOf({ status }: PruneJob): { readonly evaluatedAt: number; readonly writtenAt: number } {
  const { evaluatedAt = '', writtenAt = '' } = status?.serving?.rollout ?? {};
  return { evaluatedAt: Date.parse(evaluatedAt), writtenAt: Date.parse(writtenAt) };
}

beforeAll(async () => {
  await freshNamespace(namespace);
  await s3.remove('s3://models/endpoint/');
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
  await upload('kept.jsonl', kept);
  await upload('lost.jsonl', lost);
  await serve(service, namespace, { uri: model, gpus: 4 });
});

afterAll(async () => {
  await emptyNamespace(namespace);
  await s3.remove('s3://models/endpoint/');
  await s3.remove(data);
});

describe('a canary that is asked before the service moves', () => {
  it('and answers worse than was asked goes, and the pods that serve were never touched', async () => {
    const before = (await running(service, namespace))?.pods.map((pod) => pod.metadata.uid);
    const job = await move('refused', 'lost.jsonl');
    expect(condition(job, 'Failed'), JSON.stringify(job.status)).toMatchObject({ reason: 'QualityRefused', message: expect.stringMatching(/gsm8k goes from \d\.\d+ to \d\.\d+; .* The service was put back/) as string });
    expect(condition(job, 'QualityAccepted')).toMatchObject({ status: 'False', reason: 'QualityRefused' });
    expect(job.status?.serving?.rollout?.writtenAt, 'the service itself was written').toBeUndefined();
    await waitFor('the canary to be gone', 60, async () => (await get('deployment', `${service}-stun-predictor`, namespace)) === undefined);
    await waitFor('the dense model to be served alone', 60, () => serves(service, namespace, { uri: model, gpus: 4 }));
    expect((await running(service, namespace))?.pods.map((pod) => pod.metadata.uid)).toEqual(before);
    const asked = (await evaluation('refused'))?.spec.template.spec.containers[0];
    expect(asked?.args.slice(0, 2)).toEqual(['evaluate', '--endpoint']);
    expect(JSON.stringify(asked?.resources)).not.toContain('gpu');
  });

  it('and answers well is followed by the service', async () => {
    const job = await move('accepted', 'kept.jsonl');
    expect(condition(job, 'Complete')?.status, JSON.stringify(job.status)).toBe('True');
    const { uri = '', ...result } = job.status?.result ?? {};
    expect(result, 'the first run had published the model').toMatchObject({ reused: true, qualitySummary: expect.stringContaining('served gsm8k') as string });
    expect(result.quality?.endpoint?.tasks).toMatchObject([{ name: 'gsm8k', questions: kept.length, accepted: true }]);
    const { evaluatedAt, writtenAt } = rolloutOf(job);
    expect(evaluatedAt, 'the service moved first').toBeLessThanOrEqual(writtenAt);
    expect(await serves(service, namespace, { uri, gpus: 2 })).toBe(true);
    expect(await list('jobs', namespace, 'stun-operator.io/prunejob=accepted,stun-operator.io/stage=evaluate')).toHaveLength(1);
  });
});
