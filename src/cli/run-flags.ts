/** The flags of `run`: what most PruneJobs say. For the rest there is the file. */
import type { Strategy } from '../prunejob/gpu/plan-types.ts';
import type { FlagTable } from './command.ts';
import type { Values } from './flags.ts';

export const strategies: readonly Strategy[] = ['Canary', 'Surge', 'Recreate'];

export const specFlags = {
  model: { type: 'string', value: 'URI', text: "the dense model's folder, s3://BUCKET/PATH/ or pvc://CLAIM/PATH/" },
  'output-uri': { type: 'string', value: 'URI', text: 'the folder to publish to' },
  ratio: { type: 'string', value: 'R', text: 'share of the experts to remove, above 0 and below 1' },
  'target-gpus': { type: 'string', value: 'N', text: 'GPUs that the service shall end on; the smallest ratio that does is taken' },
  'target-sparsity': { type: 'string', value: 'S', text: 'share of all prunable parameters to remove, experts and zeroed weights together' },
  service: { type: 'string', value: 'KIND/NAME', text: 'the service to move: isvc/NAME, deploy/NAME or llmisvc/NAME' },
  strategy: { type: 'string', value: 'S', text: 'how it moves: Canary, Surge or Recreate (the API says Canary)', words: strategies },
  'max-model-len': { type: 'string', value: 'N', text: 'longest request that the service must still take, in tokens' },
  'max-concurrency': { type: 'string', value: 'N', text: 'requests of that length at once that it must still take' },
  calibration: { type: 'string', value: 'URI', text: 'JSON lines that show what the model is used for' },
  samples: { type: 'string', value: 'N', default: '128', text: 'samples read of them' },
  'sequence-length': { type: 'string', value: 'N', default: '2048', text: 'tokens of each' },
  perplexity: { type: 'string', value: 'URI', text: 'held-out JSON lines for the quality gate, none of the calibration' },
  'max-increase': { type: 'string', value: 'R', default: '0.05', text: 'highest relative increase of the perplexity that the gate accepts' },
  'service-account': { type: 'string', value: 'NAME', text: 'ServiceAccount of the pods, which opens the storage' },
  queue: { type: 'string', value: 'NAME', text: 'Kueue LocalQueue that admits the pruning Job' },
  'gpu-product': { type: 'string', multiple: true, value: 'LABEL', text: 'value of nvidia.com/gpu.product to run on; may be given again' },
  'plan-only': { type: 'boolean', text: 'inspect the model, plan the GPUs, and stop' },
} as const satisfies FlagTable;

export type SpecFlags = Values<typeof specFlags>;
