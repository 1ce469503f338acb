/** Every rule of the CRD with what it refuses and a near neighbour that it lets pass. */
import { calibration, perplexity, serving, type Fields } from './fixture.ts';

export interface Row {
  readonly field: string;
  readonly refused: Fields;
  /** Part of the sentence, exactly as the user reads it. */
  readonly says: string;
  /** Absent where only fields of later work would pass. */
  readonly accepted?: Fields;
}

const wanda = { weights: { method: 'Wanda' } };
const auto = { split: 'Auto', targetSparsity: 0.4, ...wanda };
const withPruning = (pruning: Fields, rest: Fields = {}): Fields => ({ pruning, ...rest });
const withExperts = (experts: Fields): Fields => withPruning({ experts });
const withServing = (fields: Fields): Fields => ({ serving: { ...serving, ...fields } });
const withSizing = (sizing: Fields): Fields => withServing({ sizing });
const withRunner = (runner: Fields): Fields => ({ runner });
const task = { name: 'arc_easy', uri: 's3://data/arc.jsonl', minRetained: 0.98 };

export const locations: readonly Row[] = [
  {
    field: 'model.uri hf://',
    refused: { model: { uri: 'hf://mistralai/Mixtral-8x22B-v0.1' } },
    says:
      'hf download mistralai/Mixtral-8x22B-v0.1 --local-dir model && aws s3 sync model s3://BUCKET/mistralai/Mixtral-8x22B-v0.1/' +
      ' --exclude ".cache/*", then write uri: s3://BUCKET/mistralai/Mixtral-8x22B-v0.1/',
    accepted: { model: { uri: 's3://bucket/mistralai/Mixtral-8x22B-v0.1/' } },
  },
  {
    field: 'model.uri without a path',
    refused: { model: { uri: 's3://models/' } },
    says: "write the model's folder as s3://BUCKET/PATH/ or pvc://CLAIM/PATH/",
    accepted: { model: { uri: 'pvc://models/tiny-moe' } },
  },
  {
    field: 'model.uri with ..',
    refused: { model: { uri: 'pvc://models/../secrets/' } },
    says: 'write the path without . and .. segments',
    accepted: { model: { uri: 'pvc://models/v1..2/' } },
  },
  {
    field: 'calibration.uri',
    refused: { calibration: { ...calibration, uri: 's3://data/' } },
    says: 'write one file of JSON lines as s3://BUCKET/FILE.jsonl or pvc://CLAIM/FILE.jsonl',
    accepted: { calibration: { ...calibration, uri: 'pvc://data/c4/calibration.jsonl' } },
  },
  {
    field: 'calibration.uri with ..',
    refused: { calibration: { ...calibration, uri: 'pvc://data/../x.jsonl' } },
    says: 'write the path without . and .. segments',
    accepted: { calibration },
  },
  {
    field: 'quality.perplexity.uri',
    refused: { quality: { perplexity: { ...perplexity, uri: 'https://example.org/heldout.jsonl' } } },
    says: 'write one file of JSON lines as s3://BUCKET/FILE.jsonl or pvc://CLAIM/FILE.jsonl',
    accepted: { quality: { perplexity } },
  },
  {
    field: 'quality.perplexity.uri with ..',
    refused: { quality: { perplexity: { ...perplexity, uri: 's3://data/../heldout.jsonl' } } },
    says: 'write the path without . and .. segments',
    accepted: { quality: { perplexity: { ...perplexity, maxIncrease: 0 } } },
  },
  {
    field: 'output.uri',
    refused: { output: { uri: '/models' } },
    says: 'write the folder to publish to as s3://BUCKET/PATH/ or pvc://CLAIM/PATH/',
    accepted: { output: { uri: 's3://models' } },
  },
  {
    field: 'output.uri with ..',
    refused: { output: { uri: 's3://models/..' } },
    says: 'write the path without . and .. segments',
    accepted: { output: { uri: 's3://models/a/b' } },
  },
];

export const pruning: readonly Row[] = [
  {
    field: 'nothing to prune',
    refused: withExperts({ ratio: undefined }),
    says: 'nothing to prune is asked; write experts: {ratio: 0.25}, targetSparsity or targetGPUs',
    accepted: withPruning({ experts: { ratio: undefined }, targetGPUs: 2 }, { serving }),
  },
  ...[0, 1, -0.1].map((ratio) => ({
    field: `pruning.experts.ratio ${ratio}`,
    refused: withExperts({ ratio }),
    says: 'experts.ratio is a share above 0 and up to 0.99',
    accepted: withExperts({ ratio: 0.5 }),
  })),
  ...[0, 1, 40].map((targetSparsity) => ({
    field: `pruning.targetSparsity ${targetSparsity}`,
    refused: withPruning({ targetSparsity, ...wanda }, { calibration }),
    says: 'targetSparsity is a share above 0 and up to 0.99; for 40 % write 0.40',
    accepted: withPruning({ targetSparsity: 0.4, ...wanda }, { calibration }),
  })),
  {
    field: 'targetGPUs without serving',
    refused: withPruning({ targetGPUs: 2 }),
    says: 'targetGPUs counts the GPUs of a service; write serving: {ref: ...} or experts: {ratio: ...}',
    accepted: withPruning({ targetGPUs: 2 }, { serving }),
  },
  {
    field: 'targetSparsity alone with serving',
    refused: withPruning({ targetSparsity: 0.4, experts: { ratio: undefined }, ...wanda }, { calibration, serving }),
    says: 'zeros save no GPU; write experts: {ratio: ...} or targetGPUs, or serving: {requireSaving: false}',
    accepted: withPruning({ targetSparsity: 0.4, experts: { ratio: undefined }, ...wanda }, { calibration, ...withServing({ requireSaving: false }) }),
  },
  {
    field: 'split Auto without targetSparsity',
    refused: withPruning({ split: 'Auto' }),
    says: 'split: Auto divides targetSparsity; write targetSparsity or remove split',
    accepted: withPruning({ split: 'Manual' }),
  },
  {
    field: 'split Auto with ratio',
    refused: withPruning(auto, { calibration }),
    says: 'split: Auto chooses experts.ratio itself; remove experts.ratio or write split: Manual',
    accepted: withPruning({ ...auto, split: 'Manual' }, { calibration }),
  },
  {
    field: 'split Auto with serving and without targetGPUs',
    refused: withPruning({ ...auto, experts: { ratio: undefined } }, { calibration, serving }),
    says: 'split: Auto with serving keeps to the GPUs asked for; write targetGPUs',
    accepted: withPruning({ ...auto, split: 'Manual' }, { calibration, serving }),
  },
  {
    field: 'weights.method without targetSparsity',
    refused: withPruning(wanda, { calibration }),
    says: 'weights.method zeroes weights up to targetSparsity; write targetSparsity or remove weights',
    accepted: withPruning({ weights: { method: 'None' } }),
  },
  {
    field: 'weights.method None with targetSparsity',
    refused: withPruning({ targetSparsity: 0.4, weights: { method: 'None' } }),
    says: 'weights.method None never reaches targetSparsity; remove targetSparsity or write weights: {method: Wanda}',
    accepted: withPruning({ targetSparsity: 0.4, weights: { method: 'Magnitude' } }),
  },
  {
    field: 'weights.owl with another method',
    refused: withPruning({ targetSparsity: 0.4, weights: { method: 'Wanda', owl: {} } }, { calibration }),
    says: 'weights.owl tunes weights.method OWL only; remove owl or write method: OWL',
    accepted: withPruning({ targetSparsity: 0.4, ...wanda }, { calibration }),
  },
  {
    field: 'Wanda without calibration',
    refused: withPruning({ targetSparsity: 0.4, ...wanda }),
    says: 'this pruning looks at the model at work; write calibration: {uri: ..., samples: 128, sequenceLength: 2048}, or weights: {method: Magnitude}',
    accepted: withPruning({ targetSparsity: 0.4, weights: { method: 'Magnitude' } }),
  },
  {
    field: 'similarity without weight',
    refused: withExperts({ similarity: { router: 0 } }),
    says: 'similarity needs a weight above 0; write similarity: {router: 1}',
    accepted: withExperts({ similarity: { router: 1 } }),
  },
  {
    field: 'pruning.experts.kappa',
    refused: withExperts({ kappa: -1 }),
    says: 'spec.pruning.experts.kappa in body should be greater than or equal to 0',
    accepted: withExperts({ kappa: 0, multipleOf: 4, reconstruct: 'Always' }),
  },
  {
    field: 'pruning.experts.method by a wrong name',
    refused: withExperts({ method: 'Stun' }),
    says: 'spec.pruning.experts.method: Unsupported value: "Stun": supported values: "STUN"',
    accepted: withExperts({ method: 'STUN' }),
  },
  {
    field: 'calibration.sequenceLength',
    refused: { calibration: { ...calibration, sequenceLength: 1 } },
    says: 'spec.calibration.sequenceLength in body should be greater than or equal to 2',
    accepted: { calibration: { ...calibration, seed: 7 } },
  },
  {
    field: 'quality without a measure',
    refused: { quality: {} },
    says: 'a gate needs something to measure; write quality: {perplexity: {uri: ..., samples: 64, maxIncrease: 0.05}} or remove quality',
    accepted: { quality: { perplexity } },
  },
];

export const running: readonly Row[] = [
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
];

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
