import { describe, expect, it } from 'vitest';

import type { ManagedFieldsEntry } from '../kube.ts';
import { llmisvc } from './llmisvc.ts';
import type { LLMInferenceService } from './llmisvc-types.ts';
import { gpus, llmService, samples } from './testing/samples.ts';

const read = (service: LLMInferenceService) => llmisvc.read({ service, deployments: [], replicaSets: [], pods: [] });
const rendered = (change: (main: { name: string; args?: string[]; env?: object[] }) => object) => {
  const objects = samples.LLMInferenceService!.rendered(llmService());
  const [workload] = objects.deployments;
  const { containers = [], ...rest } = workload?.spec?.template?.spec ?? {};
  const template = { ...workload?.spec?.template, spec: { ...rest, containers: containers.map((container) => change(container as { name: string }) as typeof container) } };
  return { ...objects, deployments: [{ ...workload!, spec: { ...workload?.spec, template } }] };
};

describe('an LLMInferenceService', () => {
  const main = (change: object) => llmService({ template: { containers: [{ name: 'main', resources: gpus(4), ...change }] } });
  it.each([
    { name: 'that is stopped', service: llmService({}, { annotations: { 'serving.kserve.io/stop': 'true' } }), says: /stopped/ },
    { name: 'of a cached model', service: llmService({}, { labels: { 'internal.serving.kserve.io/localmodel': 'moe' } }), says: /LocalModelCache moe/ },
    { name: 'on several nodes', service: llmService({ worker: {} }), says: /several nodes/ },
    { name: 'with prefill apart', service: llmService({ prefill: {} }), says: /two workloads/ },
    { name: 'with pipeline parallelism', service: llmService({ parallelism: { tensor: 2, pipeline: 2 } }), says: /pipeline or data/ },
    { name: 'with data parallelism', service: llmService({ parallelism: { tensor: 2, data: 2 } }), says: /pipeline or data/ },
    { name: 'that fetches its model itself', service: llmService({ storageInitializer: { enabled: false } }), says: /storageInitializer/ },
    { name: 'of a model in an image', service: llmService({ model: { uri: 'oci://models/moe' } }), says: /"oci:\/\/models\/moe"/ },
    { name: 'without a GPU', service: main({ resources: {} }), says: /no nvidia\.com\/gpu limit/ },
    { name: 'with the size in its arguments', service: main({ args: ['--tensor-parallel-size=4'] }), says: /spec\.parallelism\.tensor alone/ },
    { name: 'with GPUs and no size', service: llmService({ parallelism: {} }), says: /4 GPUs and has no spec\.parallelism\.tensor/ },
  ])('$name is refused', ({ service, says }) => {
    expect(read(service).refusal).toEqual({ reason: 'UnsupportedService', message: expect.stringMatching(says) as string });
  });

  it.each([
    { name: 'from the Hub', service: llmService({ model: { uri: 'hf://mistralai/Mixtral-8x7B-v0.1' } }) },
    { name: 'of a model in a claim', service: llmService({ model: { uri: 'pvc://models/moe' } }) },
    { name: 'with expert parallelism', service: llmService({ parallelism: { tensor: 4, expert: true } }) },
    { name: 'on one GPU', service: main({ resources: gpus(1) }) },
  ])('$name is taken', ({ service }) => {
    expect(read(service).refusal).toBeUndefined();
  });

  it.each([
    { version: 'v1alpha1', fields: { 'f:spec': { 'f:kvCacheOffloading': { 'f:secondary': {} } } }, refused: true },
    { version: 'v1alpha1', fields: { 'f:spec': { 'f:model': { 'f:confidential': {} } } }, refused: true },
    { version: 'v1alpha1', fields: { 'f:spec': { 'f:model': { 'f:uri': {} } } }, refused: false },
    { version: 'v1alpha2', fields: { 'f:spec': { 'f:kvCacheOffloading': {} } }, refused: false },
  ])('named by $version, of which somebody set $fields: refused $refused', ({ version, fields, refused }) => {
    const managedFields: ManagedFieldsEntry[] = [{ manager: 'kubectl', operation: 'Update', fieldsV1: fields }];
    const service = { ...llmService({}, { managedFields }), apiVersion: `serving.kserve.io/${version}` };
    expect(read(service).refusal?.message.includes('apiVersion: serving.kserve.io/v1alpha2') ?? false).toBe(refused);
  });

  it('promises what its own arguments say, wherever they stand', () => {
    const objects = rendered((main) => ({ ...main, args: ['--max-model-len=8192'], env: [{ name: 'VLLM_ADDITIONAL_ARGS', value: '--max-num-seqs 32' }] }));
    expect(llmisvc.read(objects)).toMatchObject({ maxModelLen: 8192, maxConcurrency: 32, tensorParallel: 4 });
  });

  it.each([
    { uri: 'pvc://models', mount: { name: 'kserve-pvc-source' } },
    { uri: 'pvc://models/pruned/moe/0123456789abcdef/', mount: { name: 'kserve-pvc-source', subPath: 'pruned/moe/0123456789abcdef/' } },
  ])('runs the model that is mounted, $uri', ({ uri, mount }) => {
    const objects = rendered((main) => ({ ...main, volumeMounts: [{ name: 'cache' }, mount] }));
    const volumes = [{ name: 'cache' }, { name: 'kserve-pvc-source', persistentVolumeClaim: { claimName: 'models' } }];
    const deployments = objects.deployments.map((workload) => ({ ...workload, spec: { ...workload.spec, template: { spec: { ...workload.spec.template.spec, initContainers: [], volumes } } } }));
    expect(llmisvc.read({ ...objects, deployments }).running).toMatchObject({ modelUri: uri, settled: true });
  });

  it('is not settled while KServe calls its workloads unready', () => {
    const { service, ...objects } = samples.LLMInferenceService!.rendered(llmService());
    expect(llmisvc.read({ ...objects, service: { ...service, status: {} } }).running).toMatchObject({ settled: false, pending: 'has workloads that are not ready' });
  });

  it('does not fail by a deadline that it cannot be told to extend', () => {
    const objects = samples.LLMInferenceService!.rendered(llmService());
    const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
    const deployments = objects.deployments.map((workload) => ({ ...workload, status: { ...workload.status, updatedReplicas: 0, conditions } }));
    expect(llmisvc.read({ ...objects, deployments }).running).toMatchObject({ settled: false });
    expect(llmisvc.read({ ...objects, deployments }).running.failure).toBeUndefined();
  });

  it('of another service of that name in its labels is not its own', () => {
    const objects = samples.LLMInferenceService!.rendered(llmService());
    const deployments = objects.deployments.map((workload) => ({ ...workload, metadata: { ...workload.metadata, ownerReferences: [] } }));
    expect(llmisvc.read({ ...objects, deployments }).running.pending).toBe('has no Deployment yet');
  });
});
