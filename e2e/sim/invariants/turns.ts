/**
 * Two PruneJobs of one service take turns: from the first write of one until it has moved the service or put it back, no other writes.
 *
 * A move is known by its receipt. A way back has none: it is of those that say that they roll back.
 */
import { annotations } from '../../../src/api/names.ts';
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import { isOver } from '../stages.ts';
import type { Commit } from '../api-server/storage.ts';
import type { Context, Rule } from './invariant.ts';
import { byUid, conditionOf, holds, isOf, isOperator, named, pruneJobsOf, receiptOf, shapeOf, type Service } from './questions.ts';

/** uids by the service that they have written to last. */
type Movers = Map<string, string>;

export const turns: Rule = (context) => {
  const movers: Movers = new Map();
  return {
    committed: (commit) => {
      if (isOf(commit, inferenceServiceType) && isOperator(commit.by) && commit.before !== undefined && commit.after !== undefined) written(context, movers, commit);
    },
  };
};

function written(context: Context, movers: Movers, { key, before, after }: Commit): void {
  const [old, now] = [before as Service, after as Service];
  const writers = writersOf(context, key, old, now);
  const mover = byUid(context, movers.get(key));
  const [writer] = writers;
  if (writer === undefined || writers.some(({ metadata }) => metadata.uid === mover?.metadata.uid)) return;
  if (mover !== undefined && isMoving(mover)) context.violated('one moves the service', `PruneJob ${writer.metadata.name} wrote to service ${key}, which PruneJob ${mover.metadata.name} was moving.`);
  movers.set(key, writer.metadata.uid);
}

/** Nobody where neither the model nor a canary came or went. */
function writersOf(context: Context, key: string, before: Service, after: Service): readonly PruneJob[] {
  const launched = canaryOf(after) === canaryOf(before) ? undefined : named(context, canaryOf(after));
  const moved = shapeOf(before) === shapeOf(after) ? undefined : named(context, receiptOf(after));
  const forward = [launched, moved].filter((pruneJob) => pruneJob !== undefined);
  if (forward.length > 0 || (canaryOf(before) === canaryOf(after) && shapeOf(before) === shapeOf(after))) return forward;
  return pruneJobsOf(context, key).filter(isRollingBack);
}

function canaryOf({ spec }: Service): string | undefined {
  return spec?.canary?.[0]?.predictor?.annotations?.[annotations.receipt];
}

function isRollingBack(pruneJob: PruneJob): boolean {
  const { status: value, reason } = conditionOf(pruneJob, 'RolledBack') ?? {};
  return pruneJob.status?.serving?.rollout?.rollbackStartedAt !== undefined && value === 'Unknown' && reason !== 'PutBack';
}

/** By its own word; after its end only a rollback goes on. One that has put the service back may stay for its deletion, and is done with the service. */
function isMoving(pruneJob: PruneJob): boolean {
  const { startedAt, rollbackStartedAt } = pruneJob.status?.serving?.rollout ?? {};
  if (rollbackStartedAt !== undefined) return isRollingBack(pruneJob);
  return startedAt !== undefined && !isOver(pruneJob) && !holds(pruneJob, 'Served');
}
