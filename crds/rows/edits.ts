/** Edits of a PruneJob, as merge patches of its spec: what never changes, what always may, what may until the model is published. */
import type { Fields } from '../fixture.ts';

export const edited: Record<string, Fields> = {
  model: { model: { uri: 's3://models/other/' } },
  pruning: { pruning: { experts: { ratio: 0.5 } } },
  calibration: { calibration: { samples: 9 } },
  'calibration (removed)': { pruning: { targetSparsity: null, weights: null }, calibration: null },
  quality: { quality: { perplexity: { maxIncrease: 1 } } },
  'quality (removed)': { quality: null },
  output: { output: { uri: 's3://elsewhere/' } },
  'output.signing': { output: { signing: { secretRef: { name: 'other' } } } },
  planOnly: { planOnly: true },
  'serving (removed)': { serving: null },
  'serving.mode': { serving: { mode: 'Emit' } },
  'serving.ref': { serving: { ref: { name: 'other' } } },
  'serving.sizing': { serving: { sizing: { maxModelLen: 1 } } },
  'serving.requireSaving': { serving: { requireSaving: false } },
  'serving.waitFor': { serving: { waitFor: '1s' } },
  'runner.device': { runner: { device: 'cpu' } },
  'runner.backoffLimit': { runner: { backoffLimit: 9 } },
  'runner.gpuProducts': { runner: { gpuProducts: ['NVIDIA-H200'] } },
  'runner.serviceAccountName': { runner: { serviceAccountName: 'other' } },
  'runner.queueName': { runner: { queueName: 'other' } },
  'runner.image': { runner: { image: 'other' } },
  'runner.scratch': { runner: { scratch: { size: '1Ti' } } },
  'runner.podTemplate': { runner: { podTemplate: { metadata: { labels: { a: 'c' } } } } },
  'runner.podTemplate (removed)': { runner: { podTemplate: null } },
};

export const editable: Record<string, Fields> = {
  suspend: { suspend: true },
  ttlSecondsAfterFinished: { ttlSecondsAfterFinished: 60 },
  'runner.activeDeadline': { runner: { activeDeadline: '12h' } },
  'serving.rollbackRequested': { serving: { rollbackRequested: true } },
};

export const untilPublished: Record<string, Fields> = {
  'serving.strategy': { serving: { strategy: 'Recreate' } },
  'serving.timeout': { serving: { timeout: '1h' } },
  'serving.soak': { serving: { soak: '5m' } },
};
