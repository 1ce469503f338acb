/** Another PruneJob that is moving the service which this one would move. */
import type { PruneJob, ServingSpec } from '../api/v1alpha1/prunejob.ts';
import type { SameService } from '../prunejob/observed.ts';
import { isMoving, moveRank } from '../prunejob/handover/same-service.ts';
import type { ObjectStore } from '../runtime/types.ts';

export function sameService(pruneJobs: ObjectStore<PruneJob>, pruneJob: PruneJob): SameService | undefined {
  const { metadata: { namespace }, spec: { serving } } = pruneJob;
  return serving && moverAmong(pruneJobs.byIndex('service', `${namespace}/${serving.ref.name}`), pruneJob);
}

/** The one of these that goes first. */
export function moverAmong(pruneJobs: readonly PruneJob[], pruneJob: PruneJob): SameService | undefined {
  const { metadata: { namespace, uid }, spec: { serving } } = pruneJob;
  if (serving === undefined) return undefined;
  const others = pruneJobs.filter((other) => other.metadata.uid !== uid && refersTo(other, serving.ref) && isMoving(other));
  const [other] = [...others].sort((a, b) => (moveRank(a) < moveRank(b) ? -1 : 1));
  return other && { namespace, name: other.metadata.name, first: !isMoving(pruneJob) || moveRank(other) < moveRank(pruneJob) };
}

/** Whatever the version by which it is read. */
function refersTo({ spec: { serving } }: PruneJob, { kind, apiVersion, name }: ServingSpec['ref']): boolean {
  return serving?.ref.name === name && serving.ref.kind === kind && groupOf(serving.ref.apiVersion) === groupOf(apiVersion);
}

function groupOf(apiVersion: string): string | undefined {
  return apiVersion.split('/')[0];
}
