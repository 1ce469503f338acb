/** The engine's recipe: the PruneJob's own fields and names, with what the operator resolved filled in. */
import type { PruneJobSpec } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import { sourcePath } from './storage-paths.ts';

export function recipe(spec: PruneJobSpec, plannedRatio: number | undefined): string {
  const { calibration, quality } = spec;
  return JSON.stringify({
    pruning: resolvedPruning(spec, plannedRatio),
    ...(calibration === undefined ? {} : { calibration: readable(calibration) }),
    ...(quality === undefined ? {} : { quality: gate(quality) }),
  });
}

export function resolvedPruning({ pruning }: Pick<PruneJobSpec, 'pruning'>, plannedRatio: number | undefined): PruneJobSpec['pruning'] {
  const ratio = pruning.experts.ratio ?? plannedRatio;
  return {
    ...pruning,
    experts: { ...pruning.experts, ...(ratio === undefined || ratio === 0 ? {} : { ratio }) },
    // Zeros cost quality and save no GPU, so nothing is zeroed unless a sparsity is asked for.
    weights: { method: pruning.targetSparsity === undefined ? 'None' : 'OWL', ...pruning.weights },
  };
}

/** The tasks of the endpoint too, whichever the stage: a name that the engine does not know ends the run before a GPU is spent. */
function gate({ perplexity, tasks, endpoint }: NonNullable<PruneJobSpec['quality']>): object {
  return compact({
    perplexity: perplexity && readable(perplexity),
    tasks: tasks?.map(readable),
    endpoint: endpoint && { tasks: endpoint.tasks.map(readable) },
  });
}

function readable<T extends { readonly uri: string }>(data: T): T {
  return { ...data, uri: sourcePath(data.uri) };
}
