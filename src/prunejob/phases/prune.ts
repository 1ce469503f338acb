/** The one GPU Job of a run, from queued to its result. */
import type { ConditionUpdate } from '../../api/conditions.ts';
import { childName } from '../../api/names.ts';
import { isFinished, jobState, type JobFailure } from '../failure/failure.ts';
import { lacksPod, obstacleOf } from '../failure/obstacle.ts';
import { deadlineUpdate, startJob } from '../engine/next-job.ts';
import { engineEnd, engineStart, messageOf } from '../engine/messages.ts';
import type { ChildJob, SameRun } from '../observed.ts';
import { waits, type Held } from '../queue/held.ts';
import { heldLookMs, isHeld } from '../queue/kueue.ts';
import { neverStarted, noSuchGPU, queuedBecause } from '../engine/not-started.ts';
import { nextProgress } from '../engine/progress.ts';
import { betweenTries, elsewhere, mayGoElsewhere } from '../engine/retries.ts';
import { conditionOf, elapsedMs, holds, isBeingDeleted, latestChild, type Run } from '../run.ts';
import { ensureScratch } from '../engine/scratch.ts';
import { keysAwaited } from '../engine/signing-keys.ts';
import { fail, lookAgainMs, waitThenFail, type Step } from '../step.ts';
import { unplanned } from './plan.ts';
import { publish } from './publish.ts';

const running: ConditionUpdate = { type: 'Pruned', status: 'Unknown', reason: 'Running', message: 'The engine prunes the model.' };
/** A pod's start is known to the second. */
const tellAfterMs = 2000;
const gateReasons = ['QualityRefused', 'DroppedLoadExceeded'];

export function prune(run: Run): Step | undefined {
  if (run.spec.planOnly === true || holds(run, 'Published')) return undefined;
  const child = latestChild(run, 'prune');
  if (child === undefined || (isBeingDeleted(child) && !isFinished(child.job))) return startPrune(run, run.status.attempt ?? 1);
  const state = jobState(child, run.now);
  if (state === 'Active') return inProgress(run, child);
  return state === 'Succeeded' ? afterSuccess(run, child) : failed(run, child, neverStarted(run, child, state, 'Queued'));
}

/** Two PruneJobs of one run would publish the same bytes to the same place: the second one waits and then reuses them. */
function startPrune(run: Run, attempt: number): Step {
  const { sameRun } = run.observed;
  if (sameRun !== undefined) {
    const message = `${nameOf(run, sameRun)} works on the same run; this one goes on when it is over.`;
    return { phase: 'Queued', conditions: [{ type: 'Queued', status: 'True', reason: 'SameRunInProgress', message }], requeueAfterMs: lookAgainMs };
  }
  return startJob(run, { stage: 'prune', attempt, phase: 'Queued', conditions: [...unplanned(run), queued(firstWait(run, attempt))], waiting: { type: 'Queued', status: 'True' } });
}

/** Who may read this PruneJob may read the others of its namespace, but perhaps none of another. */
function nameOf({ observed }: Run, { namespace, name }: SameRun): string {
  return namespace === observed.pruneJob.metadata.namespace ? `PruneJob ${namespace}/${name}` : `Another PruneJob in namespace ${namespace}`;
}

/** The words of `queuedBecause`, so that nothing new is to be written before something happens. */
function firstWait({ observed, spec: { runner } }: Run, attempt: number): Held {
  const { namespace, name: pruneJob } = observed.pruneJob.metadata;
  const name = childName(pruneJob, 'prune', attempt);
  if (runner.queueName !== undefined) return { reason: 'WaitingForAdmission', message: waits({ metadata: { namespace, name } }, runner.queueName) };
  return { reason: 'WaitingForPod', message: `Job ${name} waits for its pod to start.` };
}

function queued(why: Held): ConditionUpdate {
  return { type: 'Queued', status: 'True', ...why };
}

function inProgress(run: Run, child: ChildJob): Step {
  const actions = [...ensureScratch(run), ...deadlineUpdate(run, child)];
  const obstacle = obstacleOf(child, run.now) ?? keysAwaited(run, child);
  if (obstacle?.hopeless === true) return fail(run, obstacle, 'Pruned');
  // A wait has no actions of its own, and its end stops the Job whose deadline this would move.
  if (obstacle !== undefined) return { actions, ...waitThenFail(run, 'Queued', { type: 'Queued', status: 'True', ...obstacle }) };
  const waiting = queuedBecause(run, child, noSuchGPU(run));
  const between = betweenTries(run, child, waiting !== undefined);
  return { actions, ...lookAtKeys(run), ...(between ?? (waiting === undefined ? pruning(run, child) : queue(child, waiting))) };
}

/** Unless the step says when: nothing tells that keys cannot be mounted. */
function lookAtKeys({ spec }: Run): Pick<Step, 'requeueAfterMs'> {
  return spec.output.signing === undefined ? {} : { requeueAfterMs: lookAgainMs };
}

function pruning(run: Run, child: ChildJob): Step {
  const settlingMs = justStarted(run, child);
  if (settlingMs > 0) return { requeueAfterMs: settlingMs };
  return {
    phase: 'Pruning',
    conditions: [{ type: 'Queued', status: 'False', reason: 'Running', message: 'The pod runs.' }, running],
    set: nextProgress(run),
    requeueAfterMs: lookAgainMs,
  };
}

/** How long it is too early to tell. A pod that ends within moments is told of by its end alone, which spares a write and an event. */
function justStarted(run: Run, { pods }: ChildJob): number {
  if (conditionOf(run, 'Pruned')?.reason === running.reason) return 0;
  const ages = pods.map(engineStart).filter((at) => at !== undefined).map((at) => elapsedMs(run, at));
  // A node whose clock is ahead must not keep the run from being told of.
  return Math.max(0, ...ages.map((age) => (age < 0 ? 0 : tellAfterMs - age)));
}

/** Nothing tells of a pod that is not made, nor what a queue says of a Job. */
function queue(child: ChildJob, waiting: Held): Step {
  const lookMs = waiting.reason === 'WaitingForAdmission' || lacksPod(child) ? lookAgainMs : heldLookMs;
  const isSilent = isHeld(child.job) || lacksPod(child);
  return { phase: 'Queued', conditions: [queued(waiting)], ...(isSilent ? { requeueAfterMs: lookMs } : {}) };
}

/** A pod may be gone with its message; the next one finds the manifest and reports it again. */
function afterSuccess(run: Run, child: ChildJob): Step {
  const message = messageOf(child);
  if (message?.kind === 'Result') return publish(run, message);
  if (!child.pods.some((pod) => engineEnd(pod)?.exitCode === 0)) return startPrune(run, child.attempt + 1);
  return fail(run, { reason: 'Internal', message: `Job ${child.job.metadata.name} ended well but reported no result. Check that runner.image is a STUN engine of this release.` }, 'Pruned');
}

/** A refused model is cleaned up before the run ends; after other failures the next PruneJob of the same run may find what lies there. */
function failed(run: Run, child: ChildJob, { reason, message, retry }: JobFailure): Step {
  if (retry === 'Elsewhere' && mayGoElsewhere(run)) return elsewhere(run, { reason, message }, startPrune(run, child.attempt + 1));
  if (!gateReasons.includes(reason)) return fail(run, { reason, message }, 'Pruned');
  return {
    phase: 'Pruning',
    conditions: [
      { type: 'Pruned', status: 'False', reason, message },
      { type: 'QualityAccepted', status: 'False', reason, message },
    ],
  };
}
