/**
 * Between two tries: what took the last pod, said while nothing runs, and the way to another node.
 *
 * The Job starts the next pod of its own; another node takes another Job, whose pod prefers the nodes where no GPU has failed this run.
 */
import type { ConditionUpdate } from '../../api/conditions.ts';
import { jobState, nodesToAvoid, setbackOf, type Failure } from '../failure/failure.ts';
import { isSetback } from '../failure/pod-failure.ts';
import { unscheduledBecause } from '../failure/unscheduled.ts';
import type { ChildJob } from '../observed.ts';
import { heldBecause, takenBackBecause } from '../queue/held.ts';
import { heldLookMs, isHeld } from '../queue/kueue.ts';
import { conditionOf, type Run } from '../run.ts';
import { lookAgainMs, type Step } from '../step.ts';

/** Undefined while a pod runs, or still waits for its first start. */
export function betweenTries(run: Run, child: ChildJob, isWaiting: boolean): Step | undefined {
  if (isHeld(child.job)) return hasBegun(run) ? takenBack(run, child) : undefined;
  const setback = setbackOf(child);
  if (setback !== undefined && setback.retry !== 'Never') return stay(run, [told(setback.reason, setback.message)]);
  const goesOn = isWaiting && hasBegun(run) && unscheduledBecause(child.pods) === undefined;
  return goesOn ? stay(run, []) : undefined;
}

function hasBegun(run: Run): boolean {
  const pruned = conditionOf(run, 'Pruned');
  return pruned?.status === 'Unknown' && (pruned.reason === 'Running' || isSetback(pruned.reason));
}

function stay({ status }: Run, conditions: readonly ConditionUpdate[]): Step {
  return { phase: status.phase === 'Queued' ? 'Queued' : 'Pruning', conditions, requeueAfterMs: lookAgainMs };
}

function told(reason: ConditionUpdate['reason'], message: string): ConditionUpdate {
  return { type: 'Pruned', status: 'Unknown', reason, message };
}

function takenBack({ observed, now }: Run, { job }: ChildJob): Step {
  const why = takenBackBecause(observed.workload) ?? 'It does not say why.';
  return {
    phase: 'Queued',
    conditions: [
      { type: 'Queued', status: 'True', ...heldBecause(job, observed.workload, now) },
      told('Preempted', `The queue took Job ${job.metadata.name} back. ${why} The run goes on from its checkpoint when the Job is admitted again.`),
    ],
    requeueAfterMs: heldLookMs,
  };
}

/** As often as a Job may fail on any node: GPUs that fail everywhere are no node's fault. */
export function mayGoElsewhere({ observed, now, spec }: Run): boolean {
  const states = observed.childJobs.filter(({ stage }) => stage === 'prune').map((child) => jobState(child, now));
  return states.filter((state) => typeof state !== 'string' && state.retry === 'Elsewhere').length <= spec.runner.backoffLimit;
}

export function elsewhere({ observed }: Run, { reason, message }: Failure, next: Step): Step {
  const nodes = nodesToAvoid(observed.childJobs);
  const preference = nodes.length === 0 ? 'Another Job tries again.' : `Another Job tries again and prefers other nodes than ${nodes.join(', ')}.`;
  return { ...next, conditions: [told(reason, `${message} ${preference}`), ...(next.conditions ?? [])] };
}
