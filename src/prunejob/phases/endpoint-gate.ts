/**
 * The gate at the endpoint: a Job asks the canary and the service the same questions, and only an accepted answer lets the service move.
 *
 * The number of that Job is in the status before it is made, so that its answers are never taken for those of another canary.
 */
import type { ConditionUpdate } from '../../api/conditions.ts';
import type { ResultStatus } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import { isFinished, jobState, setbackOf, type Failure } from '../failure/failure.ts';
import { obstacleOf } from '../failure/obstacle.ts';
import { asksEndpoint, endpointRefusal } from '../gate.ts';
import { handoverOf, runs, type Handover } from '../handover/handover.ts';
import { deadlineUpdate, startJob } from '../engine/next-job.ts';
import { engineEnd, messageOf, type Evaluation } from '../engine/messages.ts';
import { neverStarted, queuedBecause } from '../engine/not-started.ts';
import type { ChildJob } from '../observed.ts';
import { isHeld } from '../queue/kueue.ts';
import { qualitySummary, type Measured } from '../quality.ts';
import { holds, isBeingDeleted, latestChild, rfc3339, rolloutOf, unfinishedChildren, type Run } from '../run.ts';
import { sameCanary, sameFields, sameModel } from '../serving/fields.ts';
import { dequeued, stopJobs, waitThenFail, type Step } from '../step.ts';
import { startPutBack } from './put-back.ts';
import { failed, isLate, rollingOut } from './rollout.ts';

const waiting = { type: 'Queued', status: 'True' } as const;
const asking = 'The canary and the service are asked the tasks of quality.endpoint; the canary takes no other traffic.';

export function endpointGate(run: Run): Step | undefined {
  const handover = isDue(run) ? handoverOf(run) : undefined;
  if (handover === undefined) return undefined;
  const { service, previous, target, canary } = handover;
  if (sameModel(previous, target)) return servedBefore(run);
  // Not ready yet, or changed after it was saved: the canary and the rollout know what to do.
  if (rolloutOf(run).canaryReadyAt === undefined || canary === undefined || !sameFields(service.fields, previous)) return undefined;
  return sameCanary(service.fields.canary, canary) ? ask(run, handover) : canaryLost(run);
}

function isDue(run: Run): boolean {
  const { evaluatedAt, appliedAt } = rolloutOf(run);
  return asksEndpoint(run) && holds(run, 'Published') && !holds(run, 'Served') && evaluatedAt === undefined && appliedAt === undefined;
}

function servedBefore(run: Run): Step {
  const judged = { type: 'QualityAccepted', status: 'True', reason: 'NotMeasured', message: 'The service ran this model before, so quality.endpoint has no other to compare it with.' } as const;
  return passed(run, [judged], 'The service runs the pruned model already.');
}

/** Back to the canary, which knows how often it is made again. */
function canaryLost(run: Run): Step {
  return rollingOut(compact({ ...rolloutOf(run), canaryReadyAt: undefined, evaluation: undefined }), run, 'The canary was taken away and is started again.');
}

function ask(run: Run, handover: Handover): Step {
  const attempt = rolloutOf(run).evaluation;
  if (attempt === undefined) return number(run, (latestChild(run, 'evaluate')?.attempt ?? 0) + 1);
  const child = run.observed.childJobs.find((candidate) => candidate.stage === 'evaluate' && candidate.attempt === attempt);
  if (child === undefined || (isBeingDeleted(child) && !isFinished(child.job))) return begin(run, handover, attempt);
  const state = jobState(child, run.now);
  if (state === 'Active') return inProgress(run, handover, child);
  return state === 'Succeeded' ? afterSuccess(run, child) : refuse(run, neverStarted(run, child, state, 'Queued'));
}

function number(run: Run, evaluation: number): Step {
  return rollingOut({ ...rolloutOf(run), evaluation }, run, asking);
}

function begin(run: Run, handover: Handover, attempt: number): Step {
  const missing = missingOf(run, handover);
  if (missing !== undefined && isLate(run)) return refuse(run, { reason: 'RolloutTimedOut', message: `The canary could not be asked within serving.timeout ${handover.serving.timeout}: it ${missing}.` });
  if (missing !== undefined) return rollingOut(rolloutOf(run), run, `The canary ${missing}.`);
  // What still asks an earlier canary would keep this one waiting.
  if (unfinishedChildren(run).length > 0) return { ...rollingOut(rolloutOf(run), run, asking), actions: stopJobs(run) };
  const started = startJob(run, { stage: 'evaluate', attempt, phase: 'RollingOut', conditions: [], waiting });
  return orPutBack(run, { ...rollingOut(rolloutOf(run), run, asking), ...started, conditions: [served(), evaluating(), ...(started.conditions ?? [])] });
}

/** As the end of a sentence that begins with the canary. */
function missingOf({ observed, status }: Run, { service: { canary }, target }: Handover): string | undefined {
  if (canary === undefined || !runs(canary, target, status.plan?.tensorParallel)) return canary?.pending ?? 'does not run the pruned model';
  return observed.endpoints === undefined ? 'has no Service to be asked at yet' : undefined;
}

function served(): ConditionUpdate {
  return { type: 'Served', status: 'Unknown', reason: 'RollingOut', message: asking };
}

function evaluating(setback?: Failure): ConditionUpdate {
  return { type: 'QualityAccepted', status: 'Unknown', reason: setback?.reason ?? 'Evaluating', message: setback?.message ?? asking };
}

function inProgress(run: Run, { serving, service: { canary }, target }: Handover, child: ChildJob): Step {
  const crashed = canary === undefined ? undefined : failed(run, canary, target);
  if (crashed !== undefined) return crashed;
  // The time of a Job that a queue holds back does not run, and the canary holds GPUs.
  if (isHeld(child.job) && isLate(run)) return refuse(run, { reason: 'RolloutTimedOut', message: `The canary could not be asked within serving.timeout ${serving.timeout}. ${queue(run, child).message}` });
  const obstacle = obstacleOf(child, run.now);
  if (obstacle?.hopeless === true) return refuse(run, obstacle);
  const actions = deadlineUpdate(run, child);
  if (obstacle !== undefined) return orPutBack(run, { actions, ...waitThenFail(run, 'RollingOut', { ...waiting, ...obstacle }) });
  const setback = setbackOf(child);
  const asks = rollingOut(rolloutOf(run), run, asking);
  return { ...asks, actions, conditions: [served(), evaluating(setback?.retry === 'Never' ? undefined : setback), queue(run, child)] };
}

function queue(run: Run, child: ChildJob): ConditionUpdate {
  const why = queuedBecause(run, child);
  return why === undefined ? { type: 'Queued', status: 'False', reason: 'Running', message: 'The pod runs.' } : { ...waiting, ...why };
}

/** The pod may be gone with its message; then the models are asked again. */
function afterSuccess(run: Run, child: ChildJob): Step {
  const message = messageOf(child);
  if (message?.kind === 'Evaluation') return judge(run, message);
  if (!child.pods.some((pod) => engineEnd(pod)?.exitCode === 0)) return number(run, child.attempt + 1);
  return refuse(run, { reason: 'Internal', message: `Job ${child.job.metadata.name} ended well but reported no scores. Check that runner.image is a STUN engine of this release.` });
}

function judge(run: Run, { tasks }: Evaluation): Step {
  const refusal = endpointRefusal(run.spec.quality, tasks);
  if (refusal !== undefined) return refuse(run, refusal);
  const scores = tasks.map(({ name, questions, before, after, retained, lowerBound, accepted }) => ({ name, questions, before, after, retained, lowerBound, accepted }));
  const quality = { ...run.status.result?.quality, endpoint: { tasks: scores } };
  const summary = qualitySummary(quality as Measured);
  const step = passed(run, [{ type: 'QualityAccepted', status: 'True', reason: 'Accepted', message: `${summary ?? ''}.` }], 'The canary answers as well as was asked; the service follows.');
  const result: ResultStatus = compact({ ...run.status.result, quality, qualitySummary: summary });
  return { ...step, set: { ...step.set, result } };
}

function passed(run: Run, judged: readonly ConditionUpdate[], message: string): Step {
  const step = rollingOut({ ...rolloutOf(run), evaluatedAt: rfc3339(run.now) }, run, message);
  return { ...step, conditions: [...dequeued(run), ...judged, ...(step.conditions ?? [])] };
}

/** Refused, or not to be had: the canary goes, and the service was never touched. */
function refuse(run: Run, { reason, message }: Failure): Step {
  const step = startPutBack(run, { reason, message });
  return { ...step, conditions: [...dequeued(run), { type: 'QualityAccepted', status: 'False', reason, message }, ...(step.conditions ?? [])] };
}

/** What ends a run elsewhere may not end it here before the canary is gone. */
function orPutBack(run: Run, step: Step): Step {
  const end = step.conditions?.find(({ type }) => type === 'Failed');
  return end === undefined ? step : refuse(run, end as Failure);
}
