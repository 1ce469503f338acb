/** How the service moves and where the pruning runs. */
import { perplexity, serving } from '../fixture.ts';
import { withRunner, withServing, withSizing, type Row } from './row.ts';

export const running: readonly Row[] = [
  {
    field: 'quality.perplexity.samples',
    refused: { quality: { perplexity: { ...perplexity, samples: 1 } } },
    says: 'should be greater than or equal to 2',
    accepted: { quality: { perplexity: { ...perplexity, samples: 2 } } },
  },
  {
    field: 'planOnly without serving',
    refused: { planOnly: true },
    says: 'planOnly plans the GPUs of a service; write serving: {ref: ...} or remove planOnly',
    accepted: { planOnly: true, serving },
  },
  {
    field: 'serving.ref.apiVersion',
    refused: withServing({ ref: { ...serving.ref, apiVersion: 'serving.kserve.io/v1alpha1' } }),
    says: 'apiVersion does not go with kind; write serving.kserve.io/v1beta1 for an InferenceService',
    accepted: withServing({}),
  },
  {
    field: 'serving.ref.apiVersion of a Deployment',
    refused: withServing({ ref: { ...serving.ref, kind: 'Deployment' } }),
    says: 'apiVersion does not go with kind; write serving.kserve.io/v1beta1 for an InferenceService, apps/v1 for a Deployment',
    accepted: withServing({ ref: { ...serving.ref, apiVersion: 'apps/v1', kind: 'Deployment' } }),
  },
  ...['v1alpha1', 'v1alpha2'].map((version) => ({
    field: `serving.ref.apiVersion of an LLMInferenceService, ${version}`,
    refused: withServing({ ref: { ...serving.ref, apiVersion: 'serving.kserve.io/v1beta1', kind: 'LLMInferenceService' } }),
    says: 'serving.kserve.io/v1alpha2 for an LLMInferenceService',
    accepted: withServing({ ref: { ...serving.ref, apiVersion: `serving.kserve.io/${version}`, kind: 'LLMInferenceService' } }),
  })),
  {
    field: 'serving.ref.kind',
    refused: withServing({ ref: { ...serving.ref, apiVersion: 'apps/v1', kind: 'StatefulSet' } }),
    says: 'supported values: "InferenceService", "Deployment", "LLMInferenceService"',
    accepted: withServing({}),
  },
  {
    field: 'serving.ref.name',
    refused: withServing({ ref: { ...serving.ref, name: 'Tiny_MoE' } }),
    says: "write the service's name as kubectl get shows it",
    accepted: withServing({ strategy: 'Recreate' }),
  },
  ...['0', '80GB', '0.0Gi'].map((gpuMemory) => ({
    field: `serving.sizing.gpuMemory ${gpuMemory}`,
    refused: withSizing({ gpuMemory }),
    says: 'write an amount of memory above 0, such as 80Gi',
    accepted: withSizing({ gpuMemory: '80Gi' }),
  })),
  {
    field: 'serving.sizing.overheadPerGPU',
    refused: withSizing({ overheadPerGPU: -1 }),
    says: 'write an amount of memory such as 4Gi, or 0',
    accepted: withSizing({ overheadPerGPU: 0 }),
  },
  {
    field: 'serving.sizing.utilization',
    refused: withSizing({ utilization: 90 }),
    says: 'utilization is a share above 0 and up to 1; for 90 % write 0.9',
    accepted: withSizing({ utilization: 1 }),
  },
  ...['10', 'ten minutes', '10 m', '1.5h'].map((waitFor) => ({
    field: `serving.waitFor ${waitFor}`,
    refused: withServing({ waitFor }),
    says: 'write a duration such as 90s, 10m or 1h30m',
    accepted: withServing({ waitFor: '1h30m' }),
  })),
  {
    field: 'serving.timeout',
    refused: withServing({ timeout: '0s' }),
    says: 'write a duration above 0, such as 90s, 10m or 1h30m',
    accepted: withServing({ timeout: '90s' }),
  },
  {
    field: 'serving.soak',
    refused: withServing({ soak: '-2m' }),
    says: 'write a duration such as 90s, 10m or 1h30m',
    accepted: withServing({ soak: '0s' }),
  },
  {
    field: 'runner.activeDeadline',
    refused: withRunner({ activeDeadline: '0h' }),
    says: 'write a duration above 0, such as 90s, 10m or 1h30m',
    accepted: withRunner({ activeDeadline: '12h' }),
  },
  {
    field: 'runner.serviceAccountName',
    refused: withRunner({ serviceAccountName: 'Pruner' }),
    says: "write the ServiceAccount's name as kubectl get shows it",
    accepted: withRunner({ serviceAccountName: 'pruner' }),
  },
  ...['GPU_Queue', 'gpu-queue-', 'team/gpu'].map((queueName) => ({
    field: `runner.queueName ${queueName}`,
    refused: withRunner({ queueName }),
    says: "write the LocalQueue's name as kubectl get shows it",
    accepted: withRunner({ queueName: 'gpu-queue.h100', device: 'cpu', backoffLimit: 0 }),
  })),
  {
    field: 'runner.queueName of 64 letters',
    refused: withRunner({ queueName: 'q'.repeat(64) }),
    says: 'may not be more than 63',
    accepted: withRunner({ queueName: 'q'.repeat(63) }),
  },
  {
    field: 'runner.image',
    refused: withRunner({ image: 'stun engine' }),
    says: 'write an image reference such as REGISTRY/stun-engine:0.1.0',
    accepted: withRunner({ image: 'registry.example/stun-engine:0.1.0' }),
  },
  {
    field: 'runner.scratch.size',
    refused: withRunner({ scratch: { size: '2TB' } }),
    says: 'write an amount of disk above 0, such as 2Ti',
    accepted: withRunner({ scratch: { size: '2Ti' }, podTemplate: { spec: { tolerations: [{ operator: 'Exists' }] } } }),
  },
  {
    field: 'runner.scratch.storageClassName',
    refused: withRunner({ scratch: { size: '2Ti', storageClassName: 'Fast_Disks' } }),
    says: "write the StorageClass's name as kubectl get shows it",
    accepted: withRunner({ scratch: { size: '2Ti', storageClassName: 'fast.disks' } }),
  },
];
