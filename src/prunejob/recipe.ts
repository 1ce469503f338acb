/** The engine's recipe: the PruneJob's own fields and names, with what the operator resolved filled in. */
import type { PruneJobSpec } from '../api/v1alpha1/prunejob.ts';
import { sourcePath } from './storage-paths.ts';

export function recipe({ pruning, calibration, quality }: PruneJobSpec, plannedRatio: number | undefined): string {
  const ratio = pruning.experts.ratio ?? plannedRatio;
  return JSON.stringify({
    pruning: {
      ...pruning,
      experts: { ...pruning.experts, ...(ratio === undefined || ratio === 0 ? {} : { ratio }) },
      // Zeros cost quality and save no GPU, so nothing is zeroed unless a sparsity is asked for.
      weights: { method: pruning.targetSparsity === undefined ? 'None' : 'OWL', ...pruning.weights },
    },
    ...(calibration === undefined ? {} : { calibration: { ...calibration, uri: sourcePath(calibration.uri) } }),
    ...(quality?.perplexity === undefined ? {} : { quality: { ...quality, perplexity: { ...quality.perplexity, uri: sourcePath(quality.perplexity.uri) } } }),
  });
}
