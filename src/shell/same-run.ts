/**
 * Whether another PruneJob that tells the same run key would really write to the same place.
 *
 * A run key is told by an image that its PruneJob chose. In a namespace of one's own that is as good as one's own word; from another one it
 * could hold up a run for ever, so there the key has to go with the model and the pruning that it stands for.
 */
import { isDeepStrictEqual } from 'node:util';

import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { compact } from '../prunejob/compact.ts';
import { resolvedPruning } from '../prunejob/engine/recipe.ts';

export function sharesRun(mine: PruneJob, other: PruneJob): boolean {
  if (place(mine) !== place(other)) return false;
  return mine.metadata.namespace === other.metadata.namespace || isDeepStrictEqual(asked(mine), asked(other));
}

/** A claim is of its namespace; a bucket is the same from everywhere. */
function place({ metadata, spec }: PruneJob): string {
  const uri = withoutSlash(spec.output.uri);
  return uri.startsWith('pvc://') ? `${metadata.namespace} ${uri}` : uri;
}

/** Whether a ratio was given or planned, it is the same run. */
function asked({ spec, status }: PruneJob): object {
  return { model: withoutSlash(spec.model.uri), pruning: compact({ ...resolvedPruning(spec, status?.plan?.ratio), targetGPUs: undefined }) };
}

function withoutSlash(uri: string): string {
  return uri.replace(/\/$/, '');
}
