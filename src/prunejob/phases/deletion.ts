/**
 * Deleted midway: put the service back, end the pods, remove what was uploaded but never published, then let the object go.
 *
 * All under one deadline. A published model stays, and a served one too.
 */
import { isFinished } from '../failure/failure.ts';
import { startJob } from '../engine/next-job.ts';
import { conditionOf, deletionDeadlineMs, elapsedMs, holds, isRollingOut, latestChild, unfinishedChildren, type Run } from '../run.ts';
import { lookAgainMs, stopJobs, type Step } from '../step.ts';
import { startPutBack } from './put-back.ts';
import { releaseFinalizer } from './terminal.ts';

export function deletion(run: Run): Step | undefined {
  const { deletionTimestamp } = run.observed.pruneJob.metadata;
  if (deletionTimestamp === undefined) return undefined;
  if (isRollingOut(run)) return startPutBack(run, { reason: 'Deleted', message: 'The PruneJob was deleted during the rollout.' });
  const over = elapsedMs(run, deletionTimestamp) > deletionDeadlineMs;
  return over ? { actions: releaseFinalizer(run) } : (endPods(run) ?? clean(run) ?? letGo(run));
}

/** A Job whose creation was never answered may be at work unseen, and nobody would end it or clean up after it. */
function letGo(run: Run): Step {
  return { actions: releaseFinalizer(run).map((action) => ({ ...action, onceIdle: true })) };
}

function endPods(run: Run): Step | undefined {
  const working = unfinishedChildren(run).filter(({ stage }) => stage !== 'clean');
  if (working.length === 0) return undefined;
  return { actions: stopJobs({ ...run, observed: { ...run.observed, childJobs: working } }), requeueAfterMs: lookAgainMs };
}

function clean(run: Run): Step | undefined {
  const { sameRun, serviceAccount } = run.observed;
  // Without a ServiceAccount nobody may delete.
  if (!mayHaveLeft(run) || typeof serviceAccount === 'string' || holds(run, 'Published')) return undefined;
  // Another PruneJob of this run would lose its work. One that is being deleted may never have written, and then cleans nothing.
  if (sameRun !== undefined) return sameRun.isBeingDeleted === true ? { requeueAfterMs: lookAgainMs } : undefined;
  const child = latestChild(run, 'clean');
  if (child !== undefined) return isFinished(child.job) ? undefined : { requeueAfterMs: lookAgainMs };
  return { ...startJob(run, { stage: 'clean', attempt: 1, phase: 'Pruning', conditions: [], waiting: { type: 'Queued', status: 'True' } }), requeueAfterMs: lookAgainMs };
}

/** Who waited for another PruneJob of its run comes after it, and so cleans up what that one left to it. */
function mayHaveLeft(run: Run): boolean {
  const { attempt, runKey } = run.status;
  return runKey !== undefined && (attempt !== undefined || conditionOf(run, 'Queued')?.reason === 'SameRunInProgress');
}
