/** What keeps pods of the pruned model from coming up: each is made for real, and gone with the row. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { apply, get, kubectl, type Resource } from '../../lib/kubectl.ts';
import * as s3 from '../../lib/s3.ts';
import { namespace, output, storage } from './scene.ts';

const run = promisify(execFile);
const image = 'localhost/serving-cpu:dev';
const sampleRuntime = 'openai-cpu';

interface RuntimeContainer {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

type ServingRuntime = Resource<{ readonly containers: readonly RuntimeContainer[] }>;

/** Of a server that knows the sizes it was tested with, as kernels for experts do: it ends on any other number of experts than the dense model's. */
export const particularRuntime = 'particular';
const particular = `grep -q '"num_local_experts": 32' /mnt/models/config.json || { echo 'no kernel for this number of experts' >&2; exit 1; }; exec /usr/local/bin/serve`;

export function withParticularRuntime(): Promise<AsyncDisposable> {
  return runtime(particularRuntime, { command: ['sh', '-c', particular] });
}

/** Its image is on the node when the service starts, and lost by the time that another pod needs it: no registry has it. */
export const goneImage = 'gone-image';
const gone = 'localhost/gone:dev';

export async function withGoneImage(): Promise<AsyncDisposable> {
  await images('tag', '--force', image, gone);
  return runtime(goneImage, { image: gone });
}

export async function loseImage(): Promise<void> {
  await images('rm', gone);
}

/** A ServiceAccount whose keys are its own: the engine reads with others. */
export const reader = 'reader';
const keys = 'reader-keys';

export async function withReader(): Promise<AsyncDisposable> {
  const shared = await get<Resource & { readonly data: object }>('secret', 's3-credentials', namespace);
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: keys }, data: shared?.data }, namespace);
  await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: reader }, secrets: [{ name: keys }] }, namespace);
  return goes(`secret/${keys}`, `serviceaccount/${reader}`);
}

export async function takeKeys(): Promise<void> {
  await kubectl(['patch', 'secret', keys, '-n', namespace, '--type=merge', '-p', JSON.stringify({ stringData: { AWS_SECRET_ACCESS_KEY: 'taken-away' } })]);
}

/** As the model was published, but for the first bytes of its weights. */
export const damagedOutput = `${storage}damaged/`;

export async function damagedModel(): Promise<AsyncDisposable> {
  await s3.copy(output, damagedOutput);
  const objects = await s3.list(damagedOutput);
  const weights = objects.find(({ key }) => key.endsWith('.safetensors'));
  if (weights === undefined) throw new Error(`Nothing is published under ${output} that could be damaged.`);
  await blank(`s3://models/${weights.key}`, weights.size);
  return { [Symbol.asyncDispose]: () => s3.remove(damagedOutput) };
}

async function blank(uri: string, size: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stun-damaged-'));
  await writeFile(join(folder, 'zeros'), Buffer.alloc(size));
  await s3.put(join(folder, 'zeros'), uri);
  await rm(folder, { recursive: true });
}

/** The sample's runtime under another name, with these fields of its container. */
async function runtime(name: string, fields: Partial<RuntimeContainer>): Promise<AsyncDisposable> {
  const sample = await get<ServingRuntime>('servingruntime', sampleRuntime, namespace);
  if (sample === undefined) throw new Error(`ServingRuntime ${sampleRuntime} does not exist in namespace ${namespace}.`);
  const { apiVersion, kind, spec } = sample;
  const containers = spec.containers.map((container) => ({ ...container, ...fields }));
  await apply({ apiVersion, kind, metadata: { name }, spec: { ...spec, containers } }, namespace);
  return goes(`servingruntime/${name}`);
}

function goes(...names: readonly string[]): AsyncDisposable {
  return { [Symbol.asyncDispose]: async () => { await kubectl(['delete', ...names, '-n', namespace, '--ignore-not-found']); } };
}

async function images(...args: readonly string[]): Promise<void> {
  await run('ctr', ['-n', 'k8s.io', 'images', ...args]);
}
