/**
 * Asks the API server itself whether a PruneJob is still what was decided about, right before a write to its service.
 *
 * A leader that has just taken over may have a late watch of PruneJobs and a fresh one of services: it would take the canary of a rollout,
 * of which it has not heard, for something left behind. The status is written onto one version only; what comes before it must be too.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { Client } from '../runtime/types.ts';
import { pruneJobRef } from './resources.ts';

/** Rejects where it is not. */
export async function expectCurrent(client: Pick<Client, 'get'>, pruneJob: PruneJob): Promise<void> {
  const { namespace, name, uid, resourceVersion } = pruneJob.metadata;
  const live = (await client.get(pruneJobRef(pruneJob)))?.metadata;
  if (live?.uid === uid && live.resourceVersion === resourceVersion) return;
  throw new Error(`PruneJob ${namespace}/${name} has changed, which its watch has not told of yet; this is tried again by itself.`);
}
