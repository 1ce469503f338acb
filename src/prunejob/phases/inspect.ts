/** A CPU pod reads the model's headers, so that the plan is made before a GPU is spent. Without a service there is nothing to plan. */
import type { ConditionUpdate } from '../../api/conditions.ts';
import { isFinished, jobState, setbackOf } from '../failure/failure.ts';
import { obstacleOf } from '../failure/obstacle.ts';
import { unscheduledBecause } from '../failure/unscheduled.ts';
import { startJob } from '../engine/next-job.ts';
import { engineEnd, messageOf } from '../engine/messages.ts';
import { neverStarted } from '../engine/not-started.ts';
import { keysAwaited } from '../engine/signing-keys.ts';
import type { ChildJob } from '../observed.ts';
import { heldBecause } from '../queue/held.ts';
import { isHeld } from '../queue/kueue.ts';
import { holds, isBeingDeleted, latestChild, type Run } from '../run.ts';
import { fail, lookAgainMs, waitThenFail, type Step } from '../step.ts';

const inspecting = { type: 'Planned', status: 'Unknown', reason: 'Inspecting', message: 'A CPU pod reads the facts of the model.' } as const;

export function inspect(run: Run): Step | undefined {
  if (run.spec.serving === undefined || holds(run, 'Planned')) return undefined;
  const child = latestChild(run, 'inspect');
  if (child === undefined || (isBeingDeleted(child) && !isFinished(child.job))) return startInspect(run, child?.attempt ?? 1);
  const state = jobState(child, run.now);
  if (state === 'Active') return inProgress(run, child);
  return state === 'Succeeded' ? afterSuccess(run, child) : fail(run, neverStarted(run, child, state, 'Planned'), 'Planned');
}

function startInspect(run: Run, attempt: number): Step {
  return startJob(run, { stage: 'inspect', attempt, phase: 'Inspecting', conditions: [inspecting], waiting: { type: 'Planned', status: 'False' } });
}

function inProgress(run: Run, child: ChildJob): Step {
  const obstacle = obstacleOf(child, run.now) ?? keysAwaited(run, child);
  if (obstacle?.hopeless === true) return fail(run, obstacle, 'Planned');
  if (obstacle !== undefined) return waitThenFail(run, 'Inspecting', { type: 'Planned', status: 'False', ...obstacle });
  return { phase: 'Inspecting', conditions: [{ ...inspecting, ...instead(run, child) }], requeueAfterMs: lookAgainMs };
}

/** What there is to say while no pod inspects. */
function instead(run: Run, child: ChildJob): Pick<ConditionUpdate, 'reason' | 'message'> | undefined {
  if (isHeld(child.job)) return heldBecause(child.job, run.observed.workload, run.now);
  const setback = setbackOf(child);
  if (setback !== undefined && setback.retry !== 'Never') return { reason: setback.reason, message: setback.message };
  const message = unscheduledBecause(child.pods);
  return message === undefined ? undefined : { reason: 'WaitingForPod', message };
}

/** The pod may be gone with its message, then the headers are read again; a message that says nothing would say it again. */
function afterSuccess(run: Run, child: ChildJob): Step | undefined {
  if (messageOf(child)?.kind === 'Facts') return undefined;
  if (!child.pods.some((pod) => engineEnd(pod)?.exitCode === 0)) return startInspect(run, child.attempt + 1);
  return fail(run, { reason: 'Internal', message: `Job ${child.job.metadata.name} ended well but reported no facts of the model. Check that runner.image is a STUN engine of this release.` }, 'Planned');
}
