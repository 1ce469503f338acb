/** What is over stays over: no Job and no pod is started for it, and its conditions do not change, but for a rollback that is asked for. */
import { isDeepStrictEqual } from 'node:util';
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { jobType, podType, pruneJobType } from '../../../src/shell/resources.ts';
import { pruneJobUid } from '../../../src/shell/stores.ts';
import type { Commit } from '../api-server/storage.ts';
import { isOver } from '../stages.ts';
import type { Context, Rule } from './invariant.ts';
import { byUid, holds, isOf } from './questions.ts';

export const terminal: Rule = (context) => ({
  committed: (commit) => {
    if (isOf(commit, pruneJobType)) rewritten(context, commit);
    else if ((isOf(commit, jobType) || isOf(commit, podType)) && commit.before === undefined) started(context, commit);
  },
});

function rewritten(context: Context, { before, after }: Commit): void {
  const [old, now] = [before as PruneJob | undefined, after as PruneJob | undefined];
  if (old === undefined || now === undefined || !isOver(old) || mayRollBack(old) || isDeepStrictEqual(old.status?.conditions, now.status?.conditions)) return;
  context.violated('terminal states absorb', `The conditions of PruneJob ${now.metadata.name} changed after its end: ${told(old)} became ${told(now)}.`);
}

function mayRollBack(old: PruneJob): boolean {
  return old.spec.serving?.rollbackRequested === true && holds(old, 'Complete');
}

function started(context: Context, { type, after }: Commit): void {
  const pruneJob = byUid(context, after && pruneJobUid(after));
  if (after !== undefined && pruneJob !== undefined && isOver(pruneJob)) context.violated('terminal states absorb', `${type.kind} ${after.metadata.name} was created after PruneJob ${pruneJob.metadata.name} had ended.`);
}

function told({ status }: PruneJob): string {
  return (status?.conditions ?? []).map(({ type, status: value, reason, lastTransitionTime }) => `${type}=${value} ${reason} ${lastTransitionTime}`).join(', ');
}
