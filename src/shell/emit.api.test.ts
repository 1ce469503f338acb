/** The patch of mode Emit at a real API server, with the rights of the shipped manifests: written, delivered by another manager, and found there by an operator that knows nothing but the status. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Api } from '../../crds/fixture.ts';
import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import { vllmDeployment } from '../prunejob/serving/testing/samples.ts';
import { denseUri, facts, result } from '../prunejob/testing/builders.ts';
import { leastPrivilege } from './testing/least-privilege.ts';
import { OperatorProcess } from './testing/operator-process.ts';
import { PlayedNode } from './testing/played-node.ts';

const namespace = 'default';
const pruneJobPath = `/apis/stun-operator.io/v1alpha1/namespaces/${namespace}/prunejobs/moe`;
const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const soon = { timeout: 30_000, interval: 50 };
/** Nothing runs here that could be asked for a completion, so nothing is waited for. */
const spec = {
  model: { uri: denseUri }, pruning: { experts: { ratio: 0.25 }, weights: { method: 'None' } }, output: { uri: 's3://models/pruned/' },
  serving: { ref: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'moe' }, mode: 'Emit', soak: '1s', waitFor: '1s', sizing: { gpuMemory: '5Mi', overheadPerGPU: 0, maxModelLen: 512, maxConcurrency: 1 } },
};

let api: Api;
let operator: OperatorProcess;

beforeAll(async () => {
  api = await Api.start();
  const kubeconfig = await leastPrivilege(api.server);
  await api.server.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', labels: { [labels.runner]: 'true' } } });
  await api.server.call('POST', deployments, served());
  await settle();
  restart = async () => {
    operator = await OperatorProcess.start(kubeconfig);
  };
});
afterAll(async () => {
  await operator.stop();
  await api.server.stop();
});

let restart: () => Promise<void>;

/** On four GPUs, as it can be applied. */
function served(): object {
  const { apiVersion, kind, spec: { selector, template } = {} } = vllmDeployment();
  const containers = (template?.spec?.containers ?? []).map((container) => ({ image: 'vllm/vllm-openai', ...container }));
  return { apiVersion, kind, metadata: { name: 'moe' }, spec: { selector, template: { ...template, spec: { containers } } } };
}

/** What the Deployment's controller says once every pod is new. */
async function settle(): Promise<void> {
  const { metadata } = await deployment();
  const status = { observedGeneration: metadata.generation, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  await api.server.call('PATCH', `${deployments}/moe/status`, { status });
}

async function deployment(): Promise<KubeObject> {
  return (await api.server.call('GET', `${deployments}/moe`)).body as KubeObject;
}

/** Any change of the PruneJob makes the operator look at once. */
async function until(condition: string, wanted: object): Promise<PruneJob> {
  await api.patch('moe', { metadata: { annotations: { looked: new Date().toISOString() } } });
  return vi.waitFor(async () => {
    const pruneJob = (await api.server.call('GET', pruneJobPath)).body as PruneJob;
    expect(pruneJob.status?.conditions?.find(({ type }) => type === condition)).toMatchObject(wanted);
    return pruneJob;
  }, soon);
}

async function play(stage: 'inspect' | 'prune', message: object): Promise<void> {
  const node = new PlayedNode(api.server, namespace);
  await vi.waitFor(async () => { expect((await node.jobs()).map((job) => job.metadata.name)).toContain(`moe-${stage}-1`); }, soon);
  await node.start(`moe-${stage}-1`);
  await node.finish(`moe-${stage}-1`, { exitCode: 0, message });
}

async function deliver(type: 'strategic' | 'json', patch: string): Promise<void> {
  await api.server.kubectl('patch', 'deployment', 'moe', '--field-manager=argocd-controller', `--type=${type}`, '-p', patch);
  await settle();
}

it('leaves the service alone, and is served when another manager delivers it, and taken back as well', async () => {
  await restart();
  const before = await deployment();
  expect(await api.create('moe', spec)).toHaveProperty('object');
  await play('inspect', facts());
  await play('prune', result());
  const emitted = await until('Complete', { status: 'True', reason: 'Emitted' });
  expect(await deployment()).toEqual(before);
  const { data } = (await api.server.call('GET', `/api/v1/namespaces/${namespace}/configmaps/moe-patch`)).body as { readonly data: Record<string, string> };

  await operator.kill();
  await restart();
  await deliver('strategic', emitted.status?.serving?.emitted?.patch ?? '');
  const { status } = await until('Served', { status: 'True', reason: 'Serving' });
  expect([status?.phase, status?.serving?.current?.gpus]).toEqual(['Complete', 2]);
  expect(await operator.get('/metrics')).toContain('stun_prunejob_gpus{namespace="default",name="moe",when="now"} 2');

  await api.patch('moe', { spec: { serving: { rollbackRequested: true } } });
  await until('RolledBack', { status: 'Unknown', reason: 'AwaitingGit' });
  await deliver('json', data['revert-json-patch.json'] ?? '');
  await until('RolledBack', { status: 'True', reason: 'PutBack' });
  expect((await deployment()).spec).toEqual(before.spec);
  // A conflict with our own hurry is tried again; what is forbidden or invalid would be so for ever.
  expect((await operator.stop()).output).not.toMatch(/"code":4(03|22)/);
});
