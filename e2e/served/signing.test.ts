/** A service moves only to a model whose signature was verified; what was changed in the bucket since, or never signed, is refused with the service as it was. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { apply, get, kubectl, remove, type Resource } from '../lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from '../lib/namespace.ts';
import { operatorNamespace } from '../lib/operator.ts';
import { condition, isTrue, read, samplePruneJob, untilFinished, type Overlay, type PruneJob } from '../lib/prunejob.ts';
import * as s3 from '../lib/s3.ts';
import { serve, serves } from '../lib/service.ts';
import { waitFor } from '../lib/wait.ts';

const namespace = 'e2e-signing';
const storage = 's3://models/signing/';
const model = `${storage}tiny-moe/`;
const output = `${storage}pruned/`;
const copy = `${storage}copy/`;

const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const keyFingerprint = `sha256:${createHash('sha256').update(keys.publicKey.export({ type: 'spki', format: 'der' })).digest('hex')}`;

const signedBy = (name: string): Overlay => ({ output: { uri: output, signing: { secretRef: { name } } } });
const dense = { uri: model, gpus: 4 };

let folder: string;
/** Of the one published model, which the tests damage and mend. */
let published: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stun-signing-'));
  await writeFile(join(folder, 'signing.pub'), publicKey);
  await writeFile(join(folder, 'README.md'), 'Trust me.\n');
  await freshNamespace(namespace);
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
  await secret('model-signing', { 'signing.key': privateKey, 'signing.pub': publicKey });
  await secret('half', { 'signing.pub': publicKey });
  await serve('tiny-moe', namespace, dense);
  const job = await run('publisher', { ...signedBy('model-signing'), serving: undefined });
  expect(isTrue(job, 'Complete'), JSON.stringify(job.status?.conditions)).toBe(true);
  published = job.status?.result?.uri ?? '';
  await s3.copy(published, copy);
});

afterAll(async () => {
  await emptyNamespace(namespace);
  await s3.remove(storage);
  await rm(folder, { recursive: true });
});

async function secret(name: string, stringData: Record<string, string>): Promise<void> {
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData }, namespace);
}

async function run(name: string, overlay: Overlay): Promise<PruneJob> {
  await apply(await samplePruneJob(name, { model: { uri: model }, quality: undefined }, overlay), namespace);
  return untilFinished(name, namespace, 300);
}

it('the published model is signed, and the key is named', async () => {
  expect((await read('publisher', namespace)).status?.result?.signature).toEqual({ keyFingerprint });
  const verified = await s3.engine<{ signature: object }>('verify', '--model', published, '--public-key', join(folder, 'signing.pub'));
  expect(verified.signature).toEqual({ keyFingerprint });
});

it.each([
  { what: 'a changed file', name: 'changed', damage: () => s3.put(join(folder, 'README.md'), `${published}README.md`), says: /README\.md is not the file that model\.sig signs/ },
  { what: 'a file more', name: 'more', damage: () => s3.put(join(folder, 'README.md'), `${published}modeling.py`), says: /modeling\.py is not signed by model\.sig/ },
  { what: 'no signature', name: 'unsigned', damage: () => s3.remove(`${published}model.sig`), says: /published without a signature/ },
])('a model with $what is refused, and the service stays as it was', async ({ name, damage, says }) => {
  await damage();
  const job = await run(name, signedBy('model-signing'));
  expect(condition(job, 'Failed')).toMatchObject({ reason: 'SignatureInvalid', message: expect.stringMatching(says) as string });
  expect(await serves('tiny-moe', namespace, dense)).toBe(true);
  await s3.remove(published);
  await s3.copy(copy, published);
});

it('the model that the key signed is handed over, and the receipt names the key', async () => {
  const job = await run('moved', signedBy('model-signing'));
  expect(isTrue(job, 'Complete'), JSON.stringify(job.status?.conditions)).toBe(true);
  expect(job.status?.result).toMatchObject({ reused: true, signature: { keyFingerprint } });
  expect(await serves('tiny-moe', namespace, { uri: published, gpus: 2 })).toBe(true);
  const service = await get<Resource<unknown>>('inferenceservice', 'tiny-moe', namespace);
  expect(JSON.parse(service?.metadata.annotations?.['stun-operator.io/receipt'] ?? '{}')).toMatchObject({ keyFingerprint });
});

it.each([
  { what: 'Secret', secretName: 'absent', says: /create Secret e2e-signing\/absent with signing\.key and signing\.pub/ },
  { what: 'item', secretName: 'half', says: /create Secret e2e-signing\/half with signing\.key and signing\.pub/ },
])('a missing $what is waited for, and named', async ({ secretName, says }) => {
  const name = `without-${secretName}`;
  await apply(await samplePruneJob(name, { model: { uri: model }, quality: undefined, serving: undefined }, signedBy(secretName)), namespace);
  const waiting = await waitFor(`PruneJob ${name} to miss its keys`, 120, async () => {
    const found = condition(await read(name, namespace), 'Queued');
    return found?.reason === 'SecretNotFound' ? found : undefined;
  });
  expect(waiting.message).toMatch(says);
  await remove('prunejob', name, namespace);
});

it.each([
  ['PruneJobs, pods, Jobs and events', () => kubectl(['get', 'prunejobs,pods,jobs,events', '-n', namespace, '-o', 'json'])],
  ['the logs of the engines', () => kubectl(['logs', '-n', namespace, '-l', 'stun-operator.io/stage', '--tail=-1'])],
  ['the logs of the operator', () => kubectl(['logs', '-n', operatorNamespace, '-l', 'app.kubernetes.io/name=stun-operator', '--tail=-1'])],
] as const)('no line of the private key is in %s', async (_, tell) => {
  const text = await tell();
  expect(text.length).toBeGreaterThan(20);
  expect(privateKey.split('\n').filter((line) => line.length > 20 && !line.startsWith('---') && text.includes(line))).toEqual([]);
});
