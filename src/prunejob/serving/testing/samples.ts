/** One service of every kind, dense and on four GPUs, and what its controllers make of it once every pod is new. */
import type { Deployment, KubeObject, Pod, ReplicaSet } from '../../kube.ts';
import type { ServingObjects } from '../adapter.ts';
import type { VLLMDeployment } from '../deployment-types.ts';
import type { InferenceService } from '../kserve-types.ts';
import { mainContainer, type LLMInferenceService } from '../llmisvc-types.ts';

export const denseUri = 's3://models/moe/';
export const gpus = (count: number): object => ({ limits: { 'nvidia.com/gpu': `${count}` }, requests: { 'nvidia.com/gpu': `${count}` } });

const metadata = { name: 'moe', namespace: 'ml', uid: 'service' };
const settled = { observedGeneration: 3, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };

export interface Sample {
  readonly service: KubeObject;
  readonly rendered: (service: KubeObject) => ServingObjects;
}

/** By kind; a kind of the registry without one fails the tests of the contract. */
export const samples: Readonly<Record<string, Sample>> = {
  InferenceService: {
    service: {
      apiVersion: 'serving.kserve.io/v1beta1',
      kind: 'InferenceService',
      metadata: { ...metadata, annotations: { 'serving.kserve.io/deploymentMode': 'Standard' } },
      spec: { predictor: { minReplicas: 1, model: { modelFormat: { name: 'vLLM' }, storageUri: denseUri, args: ['--tensor-parallel-size=4'], resources: gpus(4) } } },
      status: { conditions: [{ type: 'Ready', status: 'True' }], modelStatus: { transitionStatus: 'UpToDate' } },
    },
    rendered: (service) => behind(service, byKServe(service)),
  },
  Deployment: {
    service: vllmDeployment(),
    rendered: (service) => behind(service, service as VLLMDeployment),
  },
  LLMInferenceService: {
    service: llmService(),
    rendered: (service) => behind(service, byLLMController(service)),
  },
};

/** As the API server returns it, with its defaults. */
export function vllmDeployment(changes: { readonly container?: object; readonly spec?: object; readonly metadata?: object } = {}): VLLMDeployment {
  const container = { name: 'vllm', image: 'vllm/vllm-openai', args: [denseUri, '--served-model-name=moe', '--tensor-parallel-size=4'], resources: gpus(4), ...changes.container };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadata, generation: 3, ...changes.metadata },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: 'moe' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      progressDeadlineSeconds: 600,
      template: { metadata: { labels: { app: 'moe' } }, spec: { containers: [{ name: 'proxy', args: ['--model=none'] }, container] } },
      ...changes.spec,
    },
    status: settled,
  };
}

function byKServe(service: KubeObject): Deployment {
  const { storageUri = '', args = [], resources = {} } = (service as InferenceService).spec?.predictor?.model ?? {};
  const containers = [{ name: 'kserve-container', args: ['--port=8080', ...args], resources }];
  const annotations = { 'internal.serving.kserve.io/storage-initializer-sourceuri': storageUri };
  return { metadata: { name: 'moe-predictor', uid: 'd', generation: 3 }, spec: { replicas: 1, template: { metadata: { annotations }, spec: { containers } } }, status: settled };
}

/** After KServe v0.20.0's own samples and types (pkg/apis/serving/v1alpha1). */
export function llmService(spec: object = {}, changes: object = {}): LLMInferenceService {
  return {
    apiVersion: 'serving.kserve.io/v1alpha2',
    kind: 'LLMInferenceService',
    metadata: { ...metadata, ...changes },
    spec: { model: { uri: denseUri }, replicas: 1, parallelism: { tensor: 4 }, template: { containers: [{ name: 'main', resources: gpus(4) }] }, ...spec },
    status: { conditions: [{ type: 'WorkloadsReady', status: 'True' }] },
  };
}

/** As config-llm-template.yaml and the storage initializer of v0.20.0 make it. */
function byLLMController(service: KubeObject): Deployment {
  const { model, parallelism, template } = (service as LLMInferenceService).spec ?? {};
  const script = `eval "exec vllm serve /mnt/models \\\n  --port 8000 \\\n   --tensor-parallel-size ${parallelism?.tensor ?? 1} \\\n  $@"`;
  const main = { name: 'main', command: ['/bin/bash', '-c', script, '--'], resources: mainContainer(template)?.resources ?? {} };
  const initContainers = [{ name: 'storage-initializer', args: [model?.uri ?? '', '/mnt/models'] }];
  const ownerReferences = [{ apiVersion: 'serving.kserve.io/v1alpha2', kind: 'LLMInferenceService', name: 'moe', uid: 'service', controller: true }];
  return { metadata: { name: 'moe-kserve', uid: 'd', generation: 3, ownerReferences }, spec: { replicas: 1, template: { spec: { containers: [main], initContainers } } }, status: settled };
}

function behind(service: KubeObject, deployment: Deployment): ServingObjects {
  return { service, deployments: [deployment], replicaSets: [replicaSet('old', 9, deployment), replicaSet('new', 10, deployment)], pods: [podOf('new')] };
}

function replicaSet(name: string, revision: number, { metadata: { name: owner, uid = '' } }: Deployment): ReplicaSet {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid }];
  return { metadata: { name, uid: name, annotations: { 'deployment.kubernetes.io/revision': `${revision}` }, ownerReferences } };
}

export function podOf(set: 'old' | 'new', status: Pod['status'] = { phase: 'Running' }): Pod {
  return { metadata: { name: `${set}-pod`, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set, uid: set }] }, spec: { nodeName: 'gpu-0' }, status };
}
