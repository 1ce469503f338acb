/** How much is pruned, by what, and how it is judged. */
import { calibration, perplexity, serving } from '../fixture.ts';
import { auto, task, wanda, withExperts, withPruning, withServing, type Row } from './row.ts';

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
    accepted: withPruning({ ...auto, experts: { ratio: undefined } }, { calibration }),
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
    accepted: withPruning({ ...auto, experts: { ratio: undefined }, targetGPUs: 2 }, { calibration, serving }),
  },
  {
    field: 'split Auto with method Combinatorial',
    refused: withPruning({ ...auto, experts: { ratio: undefined, method: 'Combinatorial' } }, { calibration }),
    says: 'split: Auto tries several counts of experts, and Combinatorial would search each; write another experts.method or split: Manual',
    accepted: withPruning({ ...auto, experts: { ratio: undefined, method: 'REAP' } }, { calibration }),
  },
  {
    field: 'split Auto with one sample of calibration',
    refused: withPruning({ ...auto, experts: { ratio: undefined } }, { calibration: { ...calibration, samples: 1 } }),
    says: 'split: Auto prunes on one half of the calibration and judges on the other; write calibration.samples of 2 or more',
    accepted: withPruning({ ...auto, experts: { ratio: undefined } }, { calibration: { ...calibration, samples: 2 } }),
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
    accepted: withPruning({ targetSparsity: 0.4, weights: { method: 'OWL', owl: {} } }, { calibration }),
  },
  ...[
    { what: 'Wanda', asked: { targetSparsity: 0.4, ...wanda } },
    { what: 'OWL by default', asked: { targetSparsity: 0.4 } },
    { what: 'split Auto', asked: { ...auto, experts: { ratio: undefined }, weights: { method: 'Magnitude' } } },
    { what: 'coactivation', asked: { experts: { similarity: { coactivation: 0.5 } } } },
    ...['REAP', 'Contribution', 'Medoids', 'Frequency', 'Combinatorial'].map((method) => ({ what: method, asked: { experts: { method } } })),
  ].map(({ what, asked }) => ({
    field: `${what} without calibration`,
    refused: withPruning(asked),
    says: 'this pruning looks at the model at work; write calibration: {uri: ..., samples: 128, sequenceLength: 2048}, or experts: {method: STUN} with weights: {method: Magnitude}',
    accepted: withPruning(asked, { calibration }),
  })),
  ...[{ linkage: 'Official' }, { threshold: 'Global' }, { similarity: { coactivation: 0.5 } }].map((tuned) => ({
    field: `${Object.keys(tuned)[0] ?? ''} of another method`,
    refused: { ...withExperts({ method: 'REAP', ...tuned }), calibration },
    says: 'linkage, threshold and similarity tune experts.method STUN only; remove them or write method: STUN',
    accepted: { ...withExperts(tuned), calibration },
  })),
  {
    field: 'linkage with split Auto, whose method is Medoids',
    refused: withPruning({ ...auto, experts: { ratio: undefined, linkage: 'Official' } }, { calibration }),
    says: 'linkage, threshold and similarity tune experts.method STUN only; remove them or write method: STUN',
    accepted: withPruning({ ...auto, experts: { ratio: undefined, linkage: 'Official', method: 'STUN' } }, { calibration }),
  },
  {
    field: 'threshold Global with coactivation',
    refused: { ...withExperts({ threshold: 'Global', similarity: { coactivation: 0.5 } }), calibration },
    says: 'threshold: Global compares all layers before the first is read, so it knows no coactivation; remove threshold or similarity.coactivation',
    accepted: { ...withExperts({ threshold: 'PerLayer', similarity: { coactivation: 0.5 } }), calibration },
  },
  {
    field: 'pruning.experts.method Random with a cap on the dropped load',
    refused: withExperts({ method: 'Random', maxDroppedLoad: 1.5 }),
    says: 'spec.pruning.experts.maxDroppedLoad in body should be less than or equal to 1',
    accepted: withExperts({ method: 'Random', maxDroppedLoad: 0.2 }),
  },
  {
    field: 'quality.tasks',
    refused: { quality: { tasks: [{ ...task, minRetained: 98 }] } },
    says: 'spec.quality.tasks[0].minRetained in body should be less than or equal to 1',
    accepted: { quality: { perplexity, tasks: [task, { ...task, name: 'boolq' }] } },
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
