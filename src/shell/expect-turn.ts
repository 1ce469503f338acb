/**
 * Asks the API server itself whether another PruneJob moves the service, right before the first write to it.
 *
 * Each of two tells in its status that it begins before it looks here, so of two that begin at once one sees the other, however late its
 * cache is. Then neither writes: by the caches, which tell of it soon, one gives way.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { isBound } from '../prunejob/run.ts';
import type { Client } from '../runtime/types.ts';
import { pruneJobType } from './resources.ts';
import { moverAmong } from './same-service.ts';

/** Rejects where there is one. */
export async function expectTurn(client: Pick<Client, 'list'>, pruneJob: PruneJob): Promise<void> {
  if (!isFirstWrite(pruneJob)) return;
  const { namespace } = pruneJob.metadata;
  const other = moverAmong((await client.list<PruneJob>(pruneJobType, { namespace })).items, pruneJob);
  if (other === undefined) return;
  throw new Error(`PruneJob ${other.namespace}/${other.name} moves the same service, which its watch has not told of yet; this is tried again by itself.`);
}

function isFirstWrite({ status }: PruneJob): boolean {
  const rollout = status?.serving?.rollout ?? {};
  return rollout.startedAt !== undefined && rollout.rollbackStartedAt === undefined && !isBound(rollout);
}
