/** What the gate at the endpoint relies on the API server for: rights, addresses that it gives, and a Job that it takes. KServe is played. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Api, type Fields } from '../../crds/fixture.ts';
import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { serviceLabel, type InferenceService } from '../prunejob/serving/kserve-types.ts';
import { leastPrivilege } from './testing/least-privilege.ts';
import { OperatorProcess } from './testing/operator-process.ts';
import { PlayedNode } from './testing/played-node.ts';

const soon = { timeout: 30_000, interval: 100 };
const dense = 's3://models/tiny-moe/';
const runKey = '0123456789abcdef';
const pruned = `s3://models/pruned/tiny-moe/${runKey}/`;
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const replicaSets = '/apis/apps/v1/namespaces/default/replicasets';
const networkServices = '/api/v1/namespaces/default/services';
const services = '/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices';
const pruneJobs = '/apis/stun-operator.io/v1alpha1/namespaces/default/prunejobs';
const gpus = (count: number) => ({ limits: { 'nvidia.com/gpu': `${count}` }, requests: { 'nvidia.com/gpu': `${count}` } });

const inferenceServices = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'inferenceservices.serving.kserve.io' },
  spec: {
    group: 'serving.kserve.io', scope: 'Namespaced', names: { plural: 'inferenceservices', kind: 'InferenceService' },
    versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
};
const service = {
  apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', metadata: { name: 'tiny-moe', annotations: { 'serving.kserve.io/deploymentMode': 'Standard' } },
  spec: { predictor: { model: { modelFormat: { name: 'huggingface' }, storageUri: dense, args: ['--tensor-parallel-size=4'], resources: gpus(4) } } },
};
const spec: Fields = {
  model: { uri: dense }, pruning: { experts: { ratio: 0.25 } }, output: { uri: 's3://models/pruned/' },
  quality: { endpoint: { tasks: [{ name: 'gsm8k', uri: 's3://data/gsm8k.jsonl', minRetained: 0.9 }] } },
  serving: { ref: { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: 'tiny-moe' }, strategy: 'Canary' },
};
const held = (type: string) => ({ type, status: 'True', reason: type, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' });
const published = {
  runKey, conditions: [held('Planned'), held('Published')], plan: { gpusBefore: 4, gpusAfter: 2, tensorParallel: 2 },
  result: { uri: pruned, manifestDigest: `sha256:${'a'.repeat(64)}` },
  serving: {
    previous: { uri: dense, gpus: 4, fields: { modelUri: dense, args: ['--tensor-parallel-size=4'], gpuLimit: 4, gpuRequest: 4, stable: { modelFormat: { name: 'huggingface' } } } },
    rollout: { strategy: 'Canary', startedAt: `${new Date().toISOString().slice(0, 19)}Z` },
  },
};

describe('the gate at the endpoint, against a real API server', () => {
  let api: Api;
  let node: PlayedNode;
  let operator: OperatorProcess;
  let kubeconfig: string;

  beforeAll(async () => {
    api = await Api.start();
    node = new PlayedNode(api.server, 'default');
    kubeconfig = await leastPrivilege(api.server);
    await call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', inferenceServices);
    await call('POST', '/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', labels: { [labels.runner]: 'true' } } });
    await vi.waitFor(() => call('POST', services, service), soon);
  });
  afterAll(async () => {
    const { output } = await operator.stop();
    await api.server.stop();
    expect(output).not.toMatch(/forbidden/i);
  });

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await api.server.call(method, path, body);
    if (answer.code >= 300) throw new Error(`${method} ${path} was answered with ${answer.code}: ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  /** As KServe's and Kubernetes' controllers would, with one pod that is ready. */
  async function render(name: string, uri: string, count: number): Promise<void> {
    const marks = { app: name, [serviceLabel]: 'tiny-moe' };
    const template = {
      metadata: { labels: marks, annotations: { 'internal.serving.kserve.io/storage-initializer-sourceuri': uri } },
      spec: { containers: [{ name: 'kserve-container', image: 'server', args: [`--tensor-parallel-size=${count}`], resources: gpus(count) }] },
    };
    const of = { replicas: 1, selector: { matchLabels: { app: name } }, template };
    const { metadata } = await call<{ metadata: { uid: string } }>('POST', deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels: marks }, spec: of });
    await call('PATCH', `${deployments}/${name}/status`, { status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 } });
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: metadata.uid, controller: true };
    await call('POST', replicaSets, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name, labels: marks, annotations: { 'deployment.kubernetes.io/revision': '1' }, ownerReferences: [owner] }, spec: of });
    await call('POST', networkServices, { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] } });
  }

  const pruneJob = async (): Promise<PruneJob> => call('GET', `${pruneJobs}/tiny`);

  it('asks the addresses that the API server gave the Services, by a Job that it takes, and takes the canary away when that refuses', async () => {
    await render('tiny-moe-predictor', dense, 4);
    await api.create('tiny', spec);
    await api.patchStatus('tiny', published);
    operator = await OperatorProcess.start(kubeconfig);
    const canaries = async () => (await call<InferenceService>('GET', `${services}/tiny-moe`)).spec?.canary ?? [];
    await vi.waitFor(async () => { expect(await canaries(), JSON.stringify((await pruneJob()).status)).toMatchObject([{ predictor: { name: 'stun', model: { storageUri: pruned } } }]); }, soon);
    await render('tiny-moe-stun-predictor', pruned, 2);
    await api.patchStatus('tiny', { serving: { rollout: { canaryReadyAt: published.serving.rollout.startedAt } } });
    const job = await vi.waitFor(async () => {
      const found = (await node.jobs()).find(({ metadata }) => metadata.name === 'tiny-evaluate-1');
      expect(found, JSON.stringify((await pruneJob()).status)).toBeDefined();
      return found;
    }, soon);
    const address = async (name: string) => (await call<{ spec: { clusterIP: string } }>('GET', `${networkServices}/${name}`)).spec.clusterIP;
    const [container] = (job?.spec as unknown as { template: { spec: { containers: { args: string[] }[] } } }).template.spec.containers;
    expect(container?.args).toEqual(['evaluate', '--endpoint', `http://${await address('tiny-moe-stun-predictor')}:80`, '--baseline-endpoint', `http://${await address('tiny-moe-predictor')}:80`, '--recipe', 'env:STUN_RECIPE']);
    await node.start('tiny-evaluate-1');
    await node.finish('tiny-evaluate-1', { exitCode: 4, message: { kind: 'Error', reason: 'QualityRefused', message: 'The score on gsm8k goes from 0.500 to 0.100.' } });
    await vi.waitFor(async () => { expect(await canaries()).toEqual([]); }, soon);
    expect((await pruneJob()).status?.conditions).toContainEqual(expect.objectContaining({ type: 'QualityAccepted', status: 'False', reason: 'QualityRefused' }));
  });
});
