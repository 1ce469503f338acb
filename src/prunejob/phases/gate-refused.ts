/** A refused model leaves nothing behind: what the run uploaded is removed before the run ends. */
import { jobState } from '../failure/failure.ts';
import { startJob } from '../engine/next-job.ts';
import { conditionOf, latestChild, type Run } from '../run.ts';
import { fail, lookAgainMs, type Step } from '../step.ts';
import type { FailedReason } from '../../api/conditions.ts';

export function gateRefused(run: Run): Step | undefined {
  const refused = conditionOf(run, 'QualityAccepted');
  if (refused?.status !== 'False') return undefined;
  const end = fail(run, { reason: refused.reason as FailedReason, message: refused.message });
  const child = latestChild(run, 'clean');
  if (child !== undefined) return jobState(child, run.now) === 'Active' ? { phase: 'Pruning' } : end;
  const { sameRun } = run.observed;
  // Who goes on with the run cleans up in its turn, but one that is being deleted before it wrote does not.
  if (sameRun?.isBeingDeleted === true) return { phase: 'Pruning', requeueAfterMs: lookAgainMs };
  if (run.status.runKey === undefined || sameRun !== undefined) return end;
  return startJob(run, { stage: 'clean', attempt: 1, phase: 'Pruning', conditions: [], waiting: { type: 'Queued', status: 'True' } });
}
