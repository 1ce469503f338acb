/** The finalizer comes first: from the first Job on, a deletion must leave nothing half-published behind. */
import { finalizer } from '../../api/names.ts';
import type { Run } from '../run.ts';
import type { Step } from '../step.ts';

export function start({ observed }: Run): Step | undefined {
  if ((observed.pruneJob.metadata.finalizers ?? []).includes(finalizer)) return undefined;
  return { actions: [{ kind: 'AddFinalizer' }] };
}
