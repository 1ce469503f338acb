/** Fields of later work: each row goes when its field is supported. */
import { calibration, perplexity } from '../fixture.ts';
import { auto, task, wanda, withExperts, withPruning, withRunner, withServing, type Row } from './row.ts';

export const notSupportedYet: readonly Row[] = [
  { field: 'pruning.split Auto', refused: withPruning(auto, { calibration }), says: 'split: Auto is not supported yet in this release' },
  ...['REAP', 'Contribution', 'Medoids', 'Frequency', 'Random', 'Combinatorial'].map((method) => ({
    field: `pruning.experts.method ${method}`,
    refused: withExperts({ method }),
    says: 'experts.method other than STUN is not supported yet in this release; write method: STUN or remove it',
    accepted: withExperts({ method: 'STUN' }),
  })),
  {
    field: 'pruning.experts.linkage Official',
    refused: withExperts({ linkage: 'Official' }),
    says: 'linkage: Official is not supported yet in this release; write linkage: Complete or remove it',
    accepted: withExperts({ linkage: 'Complete' }),
  },
  {
    field: 'pruning.experts.threshold Global',
    refused: withExperts({ threshold: 'Global' }),
    says: 'threshold: Global is not supported yet in this release; write threshold: PerLayer or remove it',
    accepted: withExperts({ threshold: 'PerLayer' }),
  },
  {
    field: 'pruning.experts.similarity.coactivation',
    refused: { ...withExperts({ similarity: { coactivation: 0.5 } }), calibration },
    says: 'similarity other than {router: 1, coactivation: 0} is not supported yet in this release; remove it',
    accepted: withExperts({ similarity: { router: 1, coactivation: 0 } }),
  },
  {
    field: 'pruning.experts.maxDroppedLoad',
    refused: withExperts({ maxDroppedLoad: 0.2 }),
    says: 'experts.maxDroppedLoad is not supported yet in this release; remove it',
    accepted: withExperts({ maxDroppedLoad: 0.35 }),
  },
  ...[{ weights: { method: 'OWL' } }, { weights: { owl: { lambda: 0.08 } } }, { weights: {} }, {}].map((weights) => ({
    field: `pruning.weights OWL by ${JSON.stringify(weights)}`,
    refused: withPruning({ targetSparsity: 0.4, ...weights }, { calibration }),
    says: 'weights.method OWL, the default with targetSparsity, is not supported yet in this release; write weights: {method: Wanda}',
    accepted: withPruning({ targetSparsity: 0.4, ...wanda }, { calibration }),
  })),
  {
    field: 'quality.tasks',
    refused: { quality: { perplexity, tasks: [task] } },
    says: 'quality.tasks is not supported yet in this release; remove it and write quality: {perplexity: ...}',
    accepted: { quality: { perplexity } },
  },
  {
    field: 'quality.endpoint',
    refused: { quality: { endpoint: { tasks: [task] } } },
    says: 'quality.endpoint is not supported yet in this release; remove it and write quality: {perplexity: ...}',
    accepted: { quality: { perplexity } },
  },
  {
    field: 'output.signing',
    refused: { output: { signing: { secretRef: { name: 'cosign' } } } },
    says: 'output.signing is not supported yet in this release; remove it',
    accepted: {},
  },
  ...[
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'serving.kserve.io/v1alpha1', kind: 'LLMInferenceService' },
  ].map((ref) => ({
    field: `serving.ref.kind ${ref.kind}`,
    refused: withServing({ ref: { ...ref, name: 'tiny-moe' } }),
    says: 'serving.ref.kind other than InferenceService is not supported yet in this release; name an InferenceService',
    accepted: withServing({}),
  })),
  ...['Canary', undefined].map((strategy) => ({
    field: `serving.strategy ${strategy ?? 'by default'}`,
    refused: withServing({ strategy }),
    says: 'strategy Canary, the default, is not supported yet in this release; write strategy: Surge (needs GPUs for old and new pods at once) or strategy: Recreate',
    accepted: withServing({ strategy: 'Recreate' }),
  })),
  {
    field: 'serving.mode Emit',
    refused: withServing({ mode: 'Emit' }),
    says: 'mode: Emit is not supported yet in this release; write mode: Apply',
    accepted: withServing({ mode: 'Apply' }),
  },
  {
    field: 'serving.rollbackRequested',
    refused: withServing({ rollbackRequested: true }),
    says: "rollbackRequested is not supported yet in this release; remove it and re-apply the service's previous fields",
    accepted: withServing({ rollbackRequested: false }),
  },
  {
    field: 'runner.gpus above 1',
    refused: withRunner({ gpus: 2 }),
    says: 'runner.gpus above 1 is not supported yet in this release; remove it',
    accepted: withRunner({ gpus: 1, gpuProducts: ['NVIDIA-H100-80GB-HBM3'] }),
  },
  {
    field: 'runner.queueName',
    refused: withRunner({ queueName: 'gpu-queue' }),
    says: 'runner.queueName is not supported yet in this release; remove it',
    accepted: withRunner({ device: 'cpu', backoffLimit: 0 }),
  },
];
