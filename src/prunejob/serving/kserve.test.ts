import { describe, expect, it } from 'vitest';

import type { Deployment, ManagedFieldsEntry, Pod, ReplicaSet } from '../kube.ts';
import type { ServingObjects } from './adapter.ts';
import { kserve } from './kserve.ts';

const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', namespace: 'ml', name: 'moe' };
const dense = 's3://models/moe/';
const gpus = (count: number): object => ({ limits: { 'nvidia.com/gpu': `${count}` }, requests: { 'nvidia.com/gpu': `${count}` } });
const modelSpec = { modelFormat: { name: 'vLLM' }, storageUri: dense, args: ['--tensor-parallel-size=4'], resources: gpus(4) };

function isvc(overrides: { predictor?: object; annotations?: Record<string, string>; status?: object; managedFields?: ManagedFieldsEntry[]; canary?: object[] } = {}): ServingObjects['service'] {
  const { predictor, annotations, status, managedFields, canary } = overrides;
  return {
    apiVersion: ref.apiVersion,
    kind: ref.kind,
    metadata: { name: 'moe', namespace: 'ml', annotations: annotations ?? {}, managedFields: managedFields ?? [] },
    spec: { predictor: predictor ?? { model: modelSpec }, ...(canary === undefined ? {} : { canary }) },
    status: { conditions: [{ type: 'Ready', status: 'True' }], modelStatus: { transitionStatus: 'UpToDate' }, ...status },
  };
}

function deployment(overrides: { spec?: object; status?: object; args?: string[]; uri?: string } = {}): Deployment {
  return {
    metadata: { name: 'moe-predictor', uid: 'd', generation: 3 },
    spec: {
      replicas: 1,
      template: {
        metadata: { annotations: { 'internal.serving.kserve.io/storage-initializer-sourceuri': overrides.uri ?? dense } },
        spec: { containers: [{ name: 'kserve-container', args: overrides.args ?? ['--port=8080', '--tensor-parallel-size=4'], resources: { limits: { 'nvidia.com/gpu': '4' } } }] },
      },
      ...overrides.spec,
    },
    status: { observedGeneration: 3, replicas: 1, updatedReplicas: 1, availableReplicas: 1, ...overrides.status },
  };
}

const replicaSet = (uid: string, revision: number): ReplicaSet => ({ metadata: { name: uid, uid, annotations: { 'deployment.kubernetes.io/revision': `${revision}` }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'moe-predictor', uid: 'd' }] } });
const pod = (name: string, set: string, overrides: { deletionTimestamp?: string; status?: Pod['status'] } = {}): Pod => ({
  metadata: { name, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set, uid: set }], ...(overrides.deletionTimestamp === undefined ? {} : { deletionTimestamp: overrides.deletionTimestamp }) },
  spec: { nodeName: 'gpu-0' },
  status: overrides.status ?? { phase: 'Running' },
});

function objects(overrides: Partial<ServingObjects> = {}): ServingObjects {
  return { service: isvc(), deployments: [deployment()], replicaSets: [replicaSet('rs-9', 9), replicaSet('rs-10', 10)], pods: [pod('new', 'rs-10')], ...overrides };
}

describe('reading a service', () => {
  it('finds its fields, sizes and nodes', () => {
    const service = kserve.read(objects({ deployments: [deployment({ args: ['--max-model-len=8192', '--max-num-seqs=32', '--tensor-parallel-size=4'], spec: { replicas: 2 } })] }));
    expect(service).toMatchObject({
      fields: { modelUri: dense, args: ['--tensor-parallel-size=4'], gpuLimit: 4, gpuRequest: 4 },
      replicas: 2, tensorParallel: 4, maxModelLen: 8192, maxConcurrency: 32, nodeNames: ['gpu-0'], gitIgnoresFields: false, managedByUs: false,
    });
    expect(service.refusal).toBeUndefined();
  });

  it('leaves out what the spec leaves out', () => {
    const service = kserve.read(objects({ service: isvc({ predictor: { model: { storageUri: dense, resources: { limits: { 'nvidia.com/gpu': 4 } } } } }), deployments: [deployment({ args: [] })] }));
    expect(service.fields).toEqual({ modelUri: dense, gpuLimit: 4 });
  });

  it('takes the Deployment of a named predictor', () => {
    const named = { ...deployment(), metadata: { name: 'moe-blue-predictor', uid: 'd' } };
    const service = kserve.read(objects({ service: isvc({ predictor: { name: 'blue', model: modelSpec } }), deployments: [deployment({ uri: 's3://stale/' }), named] }));
    expect(service.running.modelUri).toBe(dense);
  });

  it.each([
    { name: 'Knative mode', service: isvc({ annotations: { 'serving.kserve.io/deploymentMode': 'Serverless' } }), says: /mode Serverless/ },
    { name: 'Knative mode by status', service: isvc({ status: { deploymentMode: 'Knative' } }), says: /mode Knative/ },
    { name: 'a stopped service', service: isvc({ annotations: { 'serving.kserve.io/stop': 'true' } }), says: /stopped/ },
    { name: 'a canary under way', service: isvc({ canary: [{}] }), says: /canary/ },
    { name: 'several nodes', service: isvc({ predictor: { model: modelSpec, workerSpec: {} } }), says: /several nodes/ },
    { name: 'a container of its own', service: isvc({ predictor: { containers: [{ name: 'kserve-container' }] } }), says: /container of its own/ },
    { name: 'an older kind of predictor', service: isvc({ predictor: { pytorch: {} } }), says: /no spec\.predictor\.model/ },
    { name: 'a storage spec', service: isvc({ predictor: { model: { ...modelSpec, storageUri: undefined, storage: { key: 'x' } } } }), says: /storageUri/ },
    { name: 'no GPU limit', service: isvc({ predictor: { model: { ...modelSpec, resources: {} } } }), says: /nvidia\.com\/gpu limit/ },
    { name: 'the size in the runtime', service: isvc({ predictor: { model: { ...modelSpec, args: [] } } }), says: /ServingRuntime/ },
  ])('refuses $name', ({ service, says }) => {
    expect(kserve.read(objects({ service })).refusal).toEqual({ reason: 'UnsupportedService', message: expect.stringMatching(says) as string });
  });

  it.each(['Standard', 'RawDeployment'])('accepts mode %s', (mode) => {
    expect(kserve.read(objects({ service: isvc({ annotations: { 'serving.kserve.io/deploymentMode': mode } }) })).refusal).toBeUndefined();
  });
});

describe('who owns the fields', () => {
  const fieldsV1 = { 'f:spec': { 'f:predictor': { 'f:model': { 'f:storageUri': {}, 'f:resources': { 'f:limits': { 'f:nvidia.com/gpu': {} } } } } } };
  const owned = (manager: string, entry: ManagedFieldsEntry = {}): ServingObjects['service'] => isvc({ managedFields: [{ manager, operation: 'Apply', fieldsV1, ...entry }] });

  it.each(['argocd-controller', 'kustomize-controller', 'helm-controller'])('%s is Git', (manager) => {
    const service = kserve.read(objects({ service: owned(manager) }));
    expect(service.gitOwners).toEqual([{ manager, fields: ['spec.predictor.model.storageUri', 'spec.predictor.model.resources.limits.nvidia.com/gpu'] }]);
  });

  it.each([
    { name: 'kubectl', service: owned('kubectl-client-side-apply') },
    { name: 'Git with other fields', service: owned('argocd-controller', { fieldsV1: { 'f:spec': { 'f:predictor': { 'f:minReplicas': {} } } } }) },
    { name: 'a status writer', service: owned('argocd-controller', { subresource: 'status' }) },
  ])('$name is not', ({ service }) => {
    expect(kserve.read(objects({ service })).gitOwners).toEqual([]);
  });

  it('owns all of a value that is atomic', () => {
    const atomic = owned('argocd-controller', { fieldsV1: { 'f:spec': { 'f:predictor': { 'f:model': {} } } } });
    expect(kserve.read(objects({ service: atomic })).gitOwners[0]?.fields).toHaveLength(4);
  });

  it('knows its own entry, and the word of the service\'s owner', () => {
    const service = kserve.read(objects({ service: isvc({ annotations: { 'stun-operator.io/git-ignores-fields': 'true' }, managedFields: [{ manager: 'stun-operator', operation: 'Apply', fieldsV1 }] }) }));
    expect(service).toMatchObject({ managedByUs: true, gitIgnoresFields: true, gitOwners: [], otherManagers: [] });
  });
});

describe('what runs', () => {
  it('is settled when every pod is new and available', () => {
    expect(kserve.read(objects()).running).toEqual({ modelUri: dense, gpusPerReplica: 4, tensorParallel: 4, updatedReplicas: 1, availableReplicas: 1, settled: true, endpoints: [] });
  });

  it.each([
    { name: 'nothing is rendered', change: { deployments: [] }, says: /no Deployment/ },
    { name: 'the Deployment is behind', change: { deployments: [deployment({ status: { observedGeneration: 2 } })] }, says: /not taken up/ },
    { name: 'a replica is not available', change: { deployments: [deployment({ status: { availableReplicas: 0 } })] }, says: /1 of 1 replicas updated and 0 available/ },
    {
      name: 'a new pod has no image',
      change: { deployments: [deployment({ status: { availableReplicas: 0 } })], pods: [pod('new', 'rs-10', { status: { containerStatuses: [{ name: 'c', state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } }] } })] },
      says: /0 available \(pod new: ErrImagePull: not found\)$/,
    },
    { name: 'an old replica is left', change: { deployments: [deployment({ status: { replicas: 2 } })] }, says: /replicas/ },
    { name: 'no replica is wanted', change: { deployments: [deployment({ spec: { replicas: 0 }, status: { replicas: 0, updatedReplicas: 0, availableReplicas: 0 } })] }, says: /0 of 0/ },
    { name: 'an old pod is left', change: { pods: [pod('new', 'rs-10'), pod('old', 'rs-9')] }, says: /1 pod\(s\) of its old template/ },
    { name: 'a pod is still ending', change: { pods: [pod('new', 'rs-10'), pod('gone', 'rs-9', { deletionTimestamp: 't' })] }, says: /old template/ },
    { name: 'a pod of the new template is ending', change: { pods: [pod('new', 'rs-10'), pod('gone', 'rs-10', { deletionTimestamp: 't' })] }, says: /1 pod/ },
    { name: 'the service is not Ready', change: { service: isvc({ status: { conditions: [{ type: 'Ready', status: 'False' }] } }) }, says: /not Ready/ },
    { name: 'the model is loading', change: { service: isvc({ status: { modelStatus: { transitionStatus: 'InProgress' } } }) }, says: /InProgress/ },
  ])('is not settled when $name', ({ change, says }) => {
    expect(kserve.read(objects(change)).running).toMatchObject({ settled: false, pending: expect.stringMatching(says) as string });
  });

  const none = deployment({ spec: { replicas: 0 }, status: { replicas: 0, updatedReplicas: 0, availableReplicas: 0 } });
  it.each([
    { name: 'no replica is wanted or left', change: { deployments: [none], pods: [] }, stopped: true },
    { name: 'an old pod is still ending', change: { deployments: [none], pods: [pod('gone', 'rs-9', { deletionTimestamp: 't' })] }, stopped: undefined },
    { name: 'a replica runs', change: {}, stopped: undefined },
  ])('is stopped or not when $name', ({ change, stopped }) => {
    expect(kserve.read(objects(change)).running.stopped).toBe(stopped);
  });

  it('forgets pods that ended and pods of others', () => {
    const pods = [pod('new', 'rs-10'), pod('evicted', 'rs-9', { status: { phase: 'Failed' } }), pod('other', 'rs-of-another')];
    expect(kserve.read(objects({ pods })).running.settled).toBe(true);
  });

  const blocked = isvc({ status: { modelStatus: { transitionStatus: 'BlockedByFailedLoad', lastFailureInfo: { message: 'no such object' } } } });
  const crashed = (restartCount: number) => ({ phase: 'Pending', initContainerStatuses: [{ name: 'storage-initializer', restartCount, state: { waiting: { reason: 'CrashLoopBackOff' } } }] });
  const crashing = crashed(3);
  const again = { phase: 'Pending', initContainerStatuses: [{ name: 'storage-initializer', restartCount: 3, state: { running: {} } }] };

  it.each([
    { name: 'the model does not load', change: { service: blocked, pods: [pod('new', 'rs-10', { status: crashing })] }, says: /^Pod new of .* keeps crashing .*\. InferenceService moe reports BlockedByFailedLoad: no such object$/ },
    { name: 'the spec is invalid', change: { service: isvc({ status: { modelStatus: { transitionStatus: 'InvalidSpec', lastFailureInfo: { reason: 'NoSupportingRuntime' } } } }) }, says: /NoSupportingRuntime/ },
    { name: 'a new pod crashes', change: { pods: [pod('new', 'rs-10', { status: crashing })] }, says: /new.*CrashLoopBackOff/ },
  ])('fails when $name', ({ change, says }) => {
    expect(kserve.read(objects(change)).running.failure).toMatch(says);
  });

  it.each([
    { name: 'an earlier failure that is over', change: { service: isvc({ status: { modelStatus: { transitionStatus: 'UpToDate', lastFailureInfo: { message: 'old' } } } }) } },
    { name: 'a deadline that it cannot be told to extend', change: { deployments: [deployment({ status: { updatedReplicas: 0, conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' }] } })] } },
    { name: 'an old pod that crashes', change: { pods: [pod('old', 'rs-9', { status: crashing })] } },
    { name: 'a model that did not load at the first tries', change: { service: blocked, pods: [pod('new', 'rs-10', { status: crashed(2) })] } },
    { name: 'a model that did not load at the first tries, while it tries again', change: { service: blocked, pods: [pod('new', 'rs-10', { status: again })] } },
    { name: 'an earlier model that did not load, while no new pod has tried', change: { service: blocked, pods: [pod('new', 'rs-10', { status: { phase: 'Pending' } }), pod('old', 'rs-9', { status: crashing })] } },
    { name: 'an earlier model that did not load, while the Deployment is behind', change: { service: blocked, deployments: [deployment({ status: { observedGeneration: 2 } })], pods: [pod('new', 'rs-10', { status: crashing })] } },
  ])('does not fail for $name', ({ change }) => {
    expect(kserve.read(objects(change)).running.failure).toBeUndefined();
  });
});

describe('writing a service', () => {
  const current = { modelUri: dense, args: ['--port=1', '-tp', '4'], gpuLimit: 4 };
  const target = { modelUri: 's3://pruned/', gpusPerReplica: 2, tensorParallel: 2, deadlineSeconds: 1800 };
  const receipt = { pruneJob: 'ml/tiny', runKey: 'k', manifestDigest: 'sha256:1', previousUri: dense, gpusBefore: 4, gpusAfter: 2 };

  it.each([
    { strategy: 'Surge', expected: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
    { strategy: 'Recreate', expected: { type: 'Recreate' } },
  ] as const)('by $strategy', ({ strategy, expected }) => {
    expect(kserve.targetFields(current, { ...target, strategy })).toEqual({
      modelUri: 's3://pruned/', args: ['--port=1', '-tp', '2'], gpuLimit: 2, gpuRequest: 2, deploymentStrategy: expected,
    });
  });

  it('is an apply configuration with limits, requests and the receipt', () => {
    const fields = kserve.targetFields(current, { ...target, strategy: 'Recreate' });
    expect(kserve.object(ref, { ...fields, receipt: JSON.stringify(receipt) })).toEqual({
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      metadata: { name: 'moe', namespace: 'ml', annotations: { 'stun-operator.io/receipt': JSON.stringify(receipt) } },
      spec: { predictor: { deploymentStrategy: { type: 'Recreate' }, model: { storageUri: 's3://pruned/', args: ['--port=1', '-tp', '2'], resources: gpus(2) } } },
    });
  });

  it('gives up what it leaves out, which puts back what was not there before', () => {
    expect(kserve.object(ref, { modelUri: dense, gpuLimit: 4 })).toEqual({
      apiVersion: ref.apiVersion,
      kind: ref.kind,
      metadata: { name: 'moe', namespace: 'ml' },
      spec: { predictor: { model: { storageUri: dense, resources: { limits: { 'nvidia.com/gpu': '4' } } } } },
    });
  });

  it('reads its own receipt back', () => {
    const annotations = { 'stun-operator.io/receipt': JSON.stringify(receipt) };
    expect(kserve.read(objects({ service: isvc({ annotations }) })).receipt).toEqual(receipt);
    expect(kserve.read(objects({ service: isvc({ annotations: { 'stun-operator.io/receipt': 'scribble' } }) })).receipt).toBeUndefined();
  });
});
