/** A service that Git owns: the patch is emitted, Git delivers it, and the operator never writes. Every command is the documentation's own. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { deploy, podsOf } from './lib/deployment.ts';
import { commandsUnder, runCommands } from './lib/doc-commands.ts';
import { apply, get, kubectl, type Resource } from './lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { condition, isTrue, read, samplePruneJob, untilFinished, type PruneJob } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';
import { inferenceService, serve, serves, type InferenceService } from './lib/service.ts';
import { waitFor } from './lib/wait.ts';

const page = 'docs/how-to/gitops-emit.md';
const namespace = 'e2e-emit';
const service = 'moe';
const model = 's3://models/emit/tiny-moe/';
const output = 's3://models/emit/pruned/';

let repository: string;

async function emit(name: string, serving: Record<string, unknown>): Promise<PruneJob> {
  await apply(await samplePruneJob(name, { model: { uri: model }, output: { uri: output }, serving: { mode: 'Emit', soak: '5s', ...serving } }), namespace);
  return untilFinished(name, namespace, 600);
}

/** In a checkout of the repository that Git delivers from. */
async function follow(heading: string, pruneJob: string): Promise<string> {
  return runCommands(commandsUnder(page, heading), repository, { PRUNEJOB: pruneJob, NAMESPACE: namespace });
}

async function patchOf(pruneJob: string, key: string): Promise<string> {
  const file = join(repository, key);
  const configMap = await get<Resource & { data: Record<string, string> }>('configmap', `${pruneJob}-patch`, namespace);
  await writeFile(file, configMap?.data[key] ?? '');
  return file;
}

/** As Argo CD does with ServerSideApply. */
async function deliver(manifests: string): Promise<void> {
  await kubectl(['apply', '-n', namespace, '--server-side', '--force-conflicts', '--field-manager=argocd-controller', '-f', '-'], manifests);
}

async function live(): Promise<InferenceService> {
  const now = await get<InferenceService>('inferenceservice', service, namespace);
  if (now === undefined) throw new Error(`InferenceService ${service} is gone.`);
  return now;
}

async function until(name: string, type: string): Promise<PruneJob> {
  return waitFor(`${type} of ${name}`, 300, async () => {
    const job = await read(name, namespace);
    return isTrue(job, type) ? job : undefined;
  }, () => `The service is ${service}.`);
}

async function managers(kind: string): Promise<string> {
  return kubectl(['get', kind, service, '-n', namespace, '--show-managed-fields', '-o', 'jsonpath={.metadata.managedFields[*].manager}']);
}

beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'emit-'));
  await freshNamespace(namespace);
  await s3.remove('s3://models/emit/');
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
});

afterAll(async () => {
  await emptyNamespace(namespace);
  await s3.remove('s3://models/emit/');
  await rm(repository, { recursive: true });
});

describe('an InferenceService of Git', () => {
  it('is not touched by a run that ends with its patch', async () => {
    await writeFile(join(repository, 'service.yaml'), dump(await inferenceService(service, { uri: model, gpus: 4 })));
    await serve(service, namespace, { uri: model, gpus: 4 });
    await deliver(await readFile(join(repository, 'service.yaml'), 'utf8'));
    const before = await live();
    const job = await emit('git', { ref: { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: service } });
    expect(condition(job, 'Complete'), JSON.stringify(job.status?.conditions)).toMatchObject({ status: 'True', reason: 'Emitted' });
    expect(condition(job, 'Served')).toMatchObject({ status: 'Unknown', reason: 'AwaitingGit' });
    expect(job.status?.serving?.current?.gpus).toBe(4);
    expect(await live()).toEqual(before);
    expect(await follow('Ask for the patch', 'git')).toContain('merge-patch.yaml: |');
  });

  it('asks for the same by each form of the patch', async () => {
    const plain = load(await follow('A script', 'git')) as InferenceService;
    expect(plain.spec.predictor.model).toMatchObject({ args: ['--tensor-parallel-size=2'], resources: { limits: { 'nvidia.com/gpu': '2' }, requests: { 'nvidia.com/gpu': '2' } } });
    await writeFile(join(repository, 'kustomization.yaml'), 'resources: [service.yaml]\ncomponents: [components/pruned]\n');
    const built = load(await follow('Kustomize', 'git')) as InferenceService;
    const dense = await readFile(join(repository, 'service.yaml'), 'utf8');
    await follow('A plain manifest', 'git');
    const edited = load(await readFile(join(repository, 'service.yaml'), 'utf8')) as InferenceService;
    expect([built.spec, edited.spec]).toEqual([plain.spec, plain.spec]);
    await expect(follow('A script', 'git')).rejects.toThrow('test');
    await writeFile(join(repository, 'service.yaml'), dense);
  });

  it('is served once Git delivers the patch, and only then on fewer GPUs', async () => {
    await deliver(await kubectl(['kustomize', repository]));
    await follow('See it arrive', 'git');
    const job = await read('git', namespace);
    expect(condition(job, 'Served')).toMatchObject({ status: 'True', reason: 'Serving' });
    expect([job.status?.phase, job.status?.serving?.current?.gpus]).toEqual(['Complete', 2]);
    expect(await serves(service, namespace, { uri: job.status?.result?.uri ?? '', gpus: 2 })).toBe(true);
    const { metadata } = await live();
    expect(JSON.parse(metadata.annotations?.['stun-operator.io/receipt'] ?? '')).toMatchObject({ pruneJob: `${namespace}/git`, previousUri: model });
  });

  it('goes back by Git as well', async () => {
    await follow('Back', 'git');
    await waitFor('the wish to be heard', 60, async () => condition(await read('git', namespace), 'RolledBack')?.reason === 'AwaitingGit');
    await kubectl(['patch', 'inferenceservice', service, '-n', namespace, '--field-manager=argocd-controller', '--type=merge', '--patch-file', await patchOf('git', 'revert-merge-patch.yaml')]);
    const job = await until('git', 'RolledBack');
    expect([job.status?.phase, isTrue(job, 'Served'), job.status?.serving?.current?.gpus]).toEqual(['RolledBack', false, 4]);
    expect((await live()).metadata.annotations).not.toHaveProperty(['stun-operator.io/receipt']);
    expect((await managers('inferenceservice')).split(' ')).not.toContain('stun-operator');
  });
});

describe('a Deployment of Git, which nobody watches', () => {
  // Its new pod comes before the old one goes: the InferenceService's GPUs are needed.
  beforeAll(() => emptyNamespace(namespace));

  it('is found to serve when the strategic patch arrives, and the JSON patch tests what it changes', async () => {
    await deploy(service, namespace, { uri: model, gpus: 4 });
    const job = await emit('plain', { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: service } });
    expect(condition(job, 'Complete')?.reason, JSON.stringify(job.status?.conditions)).toBe('Emitted');
    await kubectl(['patch', 'deployment', service, '-n', namespace, '--type=strategic', '--patch-file', await patchOf('plain', 'merge-patch.yaml')]);
    const served = await until('plain', 'Served');
    expect(served.status?.serving?.current?.gpus).toBe(2);
    const json = ['patch', 'deployment', service, '-n', namespace, '--dry-run=server', '--type=json', '--patch-file'];
    await expect(kubectl([...json, await patchOf('plain', 'json-patch.json')])).rejects.toThrow('The request is invalid');
    await kubectl([...json, await patchOf('plain', 'revert-json-patch.json')]);
    expect((await podsOf(service, namespace)).map((pod) => pod.spec.containers[0]?.resources?.limits?.['nvidia.com/gpu'])).toEqual(['2']);
    expect((await managers('deployment')).split(' ')).not.toContain('stun-operator');
  });
});
