/**
 * The finalizer goes last: no engine Job still at work, no service half moved, nothing half published; and a deletion always ends.
 *
 * The operator gives up after ten minutes on purpose, so what it left then is no violation.
 */
import { finalizer } from '../../../src/api/names.ts';
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { isFinished } from '../../../src/prunejob/failure/failure.ts';
import { pruneJobType } from '../../../src/shell/resources.ts';
import { placeOf } from '../actors/bucket.ts';
import type { Commit } from '../api-server/storage.ts';
import { isOver } from '../stages.ts';
import type { Context, Rule } from './invariant.ts';
import { conditionOf, holds, isOf, jobsOf, named, pruneJobs, receiptOf, serviceOf, shapeOf, stageOfJob, unfinishedJobsOf } from './questions.ts';

const patienceMs = 600_000;
/** The deadline of the clean-up, that of the way back, and what crashes, restarts and wrong clocks add. */
const longestMs = patienceMs + 600_000 + 900_000;

export const lettingGo: Rule = (context) => ({
  committed: (commit) => {
    if (!isOf(commit, pruneJobType)) return;
    if (letsGo(commit)) finalizerRemoved(context, commit.before as PruneJob);
    if (commit.after === undefined) gone(context, commit.before as PruneJob);
  },
});

function letsGo({ before, after }: Commit): boolean {
  return before?.metadata.finalizers?.includes(finalizer) === true && after?.metadata.finalizers?.includes(finalizer) !== true;
}

function finalizerRemoved(context: Context, pruneJob: PruneJob): void {
  const { metadata: { name, uid, deletionTimestamp } } = pruneJob;
  if (deletingForMs(context, pruneJob) > patienceMs - 1000) return;
  const working = unfinishedJobsOf(context, uid).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (working.length > 0) context.violated('the finalizer goes last', `PruneJob ${name} let go while ${working.map(({ metadata }) => metadata.name).join(', ')} was at work.`);
  if (isHalfMoved(context, pruneJob)) context.violated('the finalizer goes last', `PruneJob ${name} let go of a service that runs its model and was neither served nor put back.`);
  const refused = conditionOf(pruneJob, 'QualityAccepted')?.status === 'False';
  if ((deletionTimestamp !== undefined && !isOver(pruneJob)) || refused) mustBeClean(context, pruneJob);
}

function isHalfMoved(context: Context, pruneJob: PruneJob): boolean {
  const { uri } = placeOf(pruneJob);
  const { previous, rollout } = pruneJob.status?.serving ?? {};
  const live = serviceOf(context, pruneJob);
  // By itself, and not by another run of the same key.
  const isMoved = live !== undefined && shapeOf(live).startsWith(uri) && previous?.uri !== uri && named(context, receiptOf(live))?.metadata.uid === pruneJob.metadata.uid;
  return isMoved && rollout !== undefined && !holds(pruneJob, 'Served');
}

/** Not where another run of the key goes on with it, nor where the engine never told the key. */
function mustBeClean(context: Context, pruneJob: PruneJob): void {
  const { metadata: { name, uid }, status } = pruneJob;
  if (status?.runKey === undefined || status.attempt === undefined || !context.bucket.hasLeftovers(placeOf(pruneJob))) return;
  const shared = pruneJobs(context).some((other) => other.metadata.uid !== uid && placeOf(other).uri === placeOf(pruneJob).uri && !isOver(other));
  const tried = jobsOf(context, uid).some((job) => stageOfJob(job) === 'clean' && isFinished(job));
  if (!shared && !tried) context.violated('the finalizer goes last', `PruneJob ${name} let go while unpublished files of its run lay at ${placeOf(pruneJob).uri}.`);
}

function gone(context: Context, pruneJob: PruneJob): void {
  const ms = deletingForMs(context, pruneJob);
  if (ms > longestMs) context.violated('deletion ends', `PruneJob ${pruneJob.metadata.name} took ${Math.round(ms / 1000)} s to go.`);
}

function deletingForMs({ scheduler }: Context, { metadata: { deletionTimestamp } }: PruneJob): number {
  return deletionTimestamp === undefined ? 0 : scheduler.now().getTime() - Date.parse(deletionTimestamp);
}
