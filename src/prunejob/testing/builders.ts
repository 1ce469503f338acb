/** Objects for the tests of the pure core: each is valid as it stands, and a test names only what it is about. */
import { finalizer } from '../../api/names.ts';
import type { PruneJob, PruneJobSpec, PruneJobStatus, ServingSpec } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import type { Job, KubeObject, Pod, Terminated } from '../kube.ts';
import type { EngineResult, Evaluation, Facts } from '../engine/messages.ts';
import type { ChildJob, Observed, Stage } from '../observed.ts';
import { defaultPolicy } from '../policy.ts';
import { queueLabel, type Workload } from '../queue/kueue.ts';
import type { Endpoint, ServiceFields, ServiceObserved } from '../serving/adapter.ts';
import { kserve } from '../serving/kserve.ts';

export const now = new Date('2026-01-01T12:00:00Z');
export const runKey = '0123456789abcdef';
export const denseUri = 's3://models/tiny-moe/';
export const prunedUri = `s3://models/pruned/tiny-moe/${runKey}/`;

export function secondsBefore(seconds: number): string {
  return `${new Date(now.getTime() - seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** As the API server fills in its defaults. */
export function serving(overrides: Partial<ServingSpec> = {}): ServingSpec {
  return {
    ref: { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: 'tiny-moe' },
    strategy: 'Surge', mode: 'Apply', requireSaving: true, waitFor: '10m', timeout: '30m', soak: '2m',
    sizing: { utilization: 0.9, overheadPerGPU: 0, maxModelLen: 512, maxConcurrency: 1 },
    ...overrides,
  };
}

export function spec(overrides: Partial<PruneJobSpec> = {}): PruneJobSpec {
  return {
    model: { uri: denseUri },
    pruning: {
      targetSparsity: 0.4,
      split: 'Manual',
      experts: {
        ratio: 0.25, method: 'STUN', linkage: 'Complete', similarity: { router: 1, coactivation: 0 },
        reconstruct: 'Selective', kappa: 3, multipleOf: 1, maxDroppedLoad: 0.35,
      },
      weights: { method: 'Wanda' },
    },
    calibration: { uri: 's3://data/calibration.jsonl', samples: 32, sequenceLength: 128, seed: 0 },
    output: { uri: 's3://models/pruned/' },
    serving: serving(),
    runner: { gpus: 1, device: 'cpu', activeDeadline: '6h', backoffLimit: 3 },
    ...overrides,
  };
}

export function pruneJob(overrides: { spec?: Partial<PruneJobSpec>; status?: PruneJobStatus; deleted?: string } = {}): PruneJob {
  const { deleted } = overrides;
  return {
    apiVersion: 'stun-operator.io/v1alpha1',
    kind: 'PruneJob',
    metadata: {
      name: 'tiny', namespace: 'ml', uid: 'uid-1', generation: 1, creationTimestamp: secondsBefore(3600), finalizers: [finalizer],
      ...(deleted === undefined ? {} : { deletionTimestamp: deleted }),
    },
    spec: spec(overrides.spec),
    ...(overrides.status === undefined ? {} : { status: overrides.status }),
  };
}

export function withoutServing(overrides: Partial<PruneJobSpec> = {}): PruneJobSpec {
  return compact({ ...spec(overrides), serving: undefined });
}

/** The demo's model: 10.03 MiB of weights, of which 32 experts a layer are about nine tenths. */
export function facts(overrides: Partial<Facts> = {}): Facts {
  return {
    kind: 'Facts', family: 'mixtral', architecture: 'MixtralForCausalLM',
    bytes: { experts: 9_437_184, routers: 32_768, total: 10_520_832 },
    layers: 4, experts: 32, topK: 2, expertGroups: 1, topKGroups: 1, rankingExperts: 1, attentionHeads: 4, kvHeads: 4,
    kvBytesPerToken: 2048, slidingLayers: 0, slidingWindow: 0, vocabSize: 1024, maxPositionEmbeddings: 512, runKey, existing: null,
    ...overrides,
  };
}

export function result(overrides: Partial<EngineResult> = {}): EngineResult {
  return {
    kind: 'Result', runKey, uri: prunedUri, manifestDigest: `sha256:${'a'.repeat(64)}`, sparsity: 0.3998,
    expertsBefore: 32, expertsAfter: 24, bytesBefore: 10_520_832, bytesAfter: 8_153_344, quality: null, reused: false,
    ...overrides,
  };
}

/** Two served models asked the same, of which the second one scores a little less. */
export function evaluation(): Evaluation {
  return { kind: 'Evaluation', tasks: [{ name: 'gsm8k', questions: 1000, before: 0.5, after: 0.49, retained: 0.98, lowerBound: 0.95, accepted: true }] };
}

export function job(name: string, overrides: Partial<Job> = {}): Job {
  return { metadata: { name, namespace: 'ml', uid: `uid-${name}` }, spec: { activeDeadlineSeconds: 21_600 }, status: {}, ...overrides };
}

export function child(stage: Stage, overrides: { attempt?: number; job?: Partial<Job>; pods?: readonly Pod[] } = {}): ChildJob {
  const attempt = overrides.attempt ?? 1;
  return { stage, attempt, job: job(`tiny-${stage}-${attempt}`, overrides.job), pods: overrides.pods ?? [] };
}

/** Held back by the LocalQueue `gpu`. */
export function queuedChild(overrides: Parameters<typeof child>[1] = {}): ChildJob {
  const { metadata, ...rest } = job('tiny-prune-1', { spec: { suspend: true, activeDeadlineSeconds: 21_600 } });
  return child('prune', { ...overrides, job: { ...rest, metadata: { ...metadata, creationTimestamp: secondsBefore(60), labels: { [queueLabel]: 'gpu' } }, ...overrides.job } });
}

/** Of that Job. */
export function workload(status: Workload['status'], spec: Workload['spec'] = {}): Workload {
  return { apiVersion: 'kueue.x-k8s.io/v1beta2', kind: 'Workload', metadata: { name: 'job-tiny-prune-1-1a2b3', namespace: 'ml' }, spec, ...(status === undefined ? {} : { status }) };
}

export function endedPod(terminated: Terminated, name = 'pod-1'): Pod {
  return { metadata: { name }, status: { phase: terminated.exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [{ name: 'engine', state: { terminated } }] } };
}

export function runningPod(name = 'pod-1', startedAt = secondsBefore(60)): Pod {
  return { metadata: { name }, status: { phase: 'Running', containerStatuses: [{ name: 'engine', state: { running: { startedAt } } }] } };
}

export function waitingPod(reason: string, message: string): Pod {
  return { metadata: { name: 'pod-1' }, status: { phase: 'Pending', containerStatuses: [{ name: 'engine', state: { waiting: { reason, message } } }] } };
}

/** A Job that ended well, with the message its pod left. */
export function succeeded(stage: Stage, message: object, attempt = 1): ChildJob {
  return child(stage, { attempt, job: { status: { conditions: [{ type: 'Complete', status: 'True' }] } }, pods: [endedPod({ exitCode: 0, message: JSON.stringify(message) })] });
}

export function failedJob(stage: Stage, reason: string, terminated: Terminated): ChildJob {
  return child(stage, { job: { status: { failed: 1, conditions: [{ type: 'Failed', status: 'True', reason }] } }, pods: [endedPod(terminated)] });
}

export const denseFields: ServiceFields = { modelUri: denseUri, args: ['--tensor-parallel-size=4'], gpuLimit: 4, gpuRequest: 4 };
export const prunedFields: ServiceFields = {
  modelUri: prunedUri, args: ['--tensor-parallel-size=2'], gpuLimit: 2, gpuRequest: 2,
  deploymentStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
};

/** As an API server would have it, as far as these fields tell. */
export function serviceObject(fields: ServiceFields): KubeObject {
  return kserve.object({ ...serving().ref, namespace: 'ml' }, fields);
}

/** A service on four GPUs of the demo's node, at rest. */
export function service(overrides: Partial<ServiceObserved> = {}): ServiceObserved {
  return {
    object: serviceObject(overrides.fields ?? denseFields), fields: denseFields, replicas: 1, unsuited: {}, tensorParallel: 4, nodeNames: ['gpu-0'], allowsPrune: false, gitOwners: [], gitIgnoresFields: false,
    otherManagers: [], managedByUs: false,
    running: { modelUri: denseUri, gpusPerReplica: 4, tensorParallel: 4, settled: true },
    ...overrides,
  };
}

/** Of a ready pod that goes by its uid. */
export function endpoint(podUid: string): Endpoint {
  return { podUid, pod: podUid, url: 'http://10.0.0.7:8080', paths: ['/v1'], models: ['/mnt/models'] };
}

export function observed(overrides: Partial<Observed> = {}): Observed {
  return {
    pruneJob: pruneJob(),
    childJobs: [],
    serviceAccount: { name: 'pruner', secretNames: ['s3'] },
    service: service(),
    nodes: [{ name: 'gpu-0', product: 'NVIDIA-H100-80GB-HBM3', memoryMiB: 5, allocatableGPUs: 8, ready: true, schedulable: true }],
    engine: { image: 'stun-engine:0.1.0', serviceAccountName: 'default' },
    policy: defaultPolicy,
    ...overrides,
  };
}
