/**
 * Moves the service: save its fields, write ours, see them arrive, and notice when somebody takes them back.
 *
 * Saving and writing are two decisions, so that the way back is in the status before the first write can happen.
 */
import type { PreviousService, RolloutStatus } from '../../api/v1alpha1/prunejob.ts';
import { heardBefore, unasked } from '../handover/answers.ts';
import { compact } from '../compact.ts';
import type { Action } from '../decision.ts';
import { uncounted, waitForGPUs } from '../handover/free-gpus.ts';
import { applyService, currentService, handoverOf, hasTouched, moveService, savedService, type Handover } from '../handover/handover.ts';
import type { Failure } from '../failure/failure.ts';
import { asksEndpoint } from '../gate.ts';
import { changedSincePlan, scaledToZero } from '../handover/not-as-planned.ts';
import { fieldsOwnedByGit, notOffered } from '../handover/ownership.ts';
import { waitForPod } from '../handover/ready-pod.ts';
import { withoutRaise } from '../handover/replicas.ts';
import { elapsedMs, hasWritten, holds, rfc3339, rolloutOf, type Run } from '../run.ts';
import { secretArguments } from '../handover/secret-arguments.ts';
import { needsRestore, sameFields, sameModel } from '../serving/fields.ts';
import type { Running, ServiceFields, ServiceObserved } from '../serving/adapter.ts';
import { waitForOther } from '../handover/same-service.ts';
import { failureOf } from '../handover/verdict.ts';
import { fail, waitThenFail, type Step } from '../step.ts';
import { strategyRefused } from '../handover/strategy-refused.ts';
import { durationMs } from '../units.ts';
import { missingService } from './prerequisites.ts';
import { release, startPutBack } from './put-back.ts';

export const mostReverts = 3;
const lookAgainMs = 5000;
const movingMessage = 'The service is moved to the pruned model.';
/** Counting a late cache as another manager would end a rollout that nobody disputes. */
export const lateCacheMs = 15_000;

export function rollout(run: Run): Step | undefined {
  const { service } = run.observed;
  if (!holds(run, 'Published') || holds(run, 'Served') || service === 'NotAsked') return undefined;
  if (service === 'Missing') return waitThenFail(run, 'Published', { type: 'Served', status: 'False', ...missingService(run) });
  const handover = handoverOf(run);
  if (handover === undefined) return begin(run, service);
  return rolloutOf(run).appliedAt === undefined ? write(run, handover) : watch(run, handover);
}

function begin(run: Run, service: ServiceObserved): Step {
  // First, because a service that is half moved looks changed.
  const other = waitForOther(run);
  if (other !== undefined) return other;
  const problem = problemOf(run, service);
  if (problem !== undefined) return fail(run, problem, 'Served');
  if (heardBefore(run.observed.answers, service.running) === undefined) return { requeueAfterMs: lookAgainMs };
  return waitForGPUs(run, service) ?? waitForPod(run, service) ?? { ...save(run, service, rfc3339(run.now)), actions: lettingGo(run, service) };
}

function problemOf(run: Run, service: ServiceObserved): Failure | undefined {
  return service.refusal ?? notOffered(run, service) ?? scaledToZero(run, service) ?? strategyRefused(run, service) ?? fieldsOwnedByGit(run, service) ?? secretArguments(run, service) ?? changedSincePlan(run, service);
}

function save(run: Run, service: ServiceObserved, startedAt: string): Step {
  const saved = { ...savedService(service), ...heard(run, service) };
  const message = [movingMessage, ...unasked('Will', saved), ...uncounted(run)].join(' ');
  return rollingOut({ strategy: run.spec.serving?.strategy ?? '', startedAt }, { ...run, observed: { ...run.observed, service } }, message, saved);
}

/**
 * What an earlier rollout owns still would vanish with the first write that leaves it out. Where Git ignores what is ours, it must be
 * ours again before Git looks.
 */
function lettingGo(run: Run, service: ServiceObserved): Action[] {
  const letGo = release(run);
  if (letGo.length === 0 || !service.gitIgnoresFields) return letGo;
  const handover = handoverOf({ ...run, status: { ...run.status, serving: { previous: savedService(service) } } });
  return handover === undefined ? letGo : [...letGo, applyService(run, handover, handover.previous)];
}

/** Once heard it holds, also for a service that was changed and saved again: its pods may just be on their way. */
function heard(run: Run, { running }: ServiceObserved): Partial<PreviousService> {
  const { answered, unansweredBecause } = run.status.serving?.previous ?? {};
  return answered === undefined ? (heardBefore(run.observed.answers, running) ?? {}) : compact({ answered, unansweredBecause });
}

export function rollingOut(next: RolloutStatus, { observed, status }: Run, message = movingMessage, previous = status.serving?.previous): Step {
  const current = typeof observed.service === 'string' ? {} : { current: currentService(observed.service) };
  return {
    phase: 'RollingOut',
    conditions: [{ type: 'Served', status: 'Unknown', reason: 'RollingOut', message }],
    set: { serving: { ...(previous === undefined ? {} : { previous }), ...current, rollout: next } },
    requeueAfterMs: lookAgainMs,
  };
}

function write(run: Run, handover: Handover): Step {
  const { service, previous, target } = handover;
  if (isLate(run)) return startPutBack(run, { reason: 'RolloutTimedOut', message: `The service did not take the new fields within serving.timeout ${handover.serving.timeout}.` });
  if (sameFields(service.fields, target) || sameModel(previous, target)) return applied(run, handover);
  return waitBeforeFirstWrite(run) ?? writeProved(run, handover);
}

/** Before it is looked at what the service has become: half moved by another one it would seem changed. */
function waitBeforeFirstWrite(run: Run): Step | undefined {
  return hasWritten(rolloutOf(run)) ? undefined : waitForOther(run);
}

function writeProved(run: Run, handover: Handover): Step {
  const { service, previous, target } = handover;
  const state = rolloutOf(run);
  if (isUnproved(run, handover)) return saveAgain(run, handover);
  // Part of it is ours: it was written and partly taken back, so saving it would make our own values the ones to put back.
  if (needsRestore(previous, target, service.fields)) return writeAgain(run, handover);
  if (!sameFields(service.fields, previous)) return saveAgain(run, handover);
  if (state.writtenAt !== undefined) return unseen(run, handover, state.writtenAt);
  return { ...rollingOut({ ...state, writtenAt: rfc3339(run.now) }, run), actions: [move(run, handover)] };
}

/** Also where there was nothing to write: a service that another one is moving away from would be fought over. */
function applied(run: Run, { previous, target }: Handover): Step {
  const other = sameModel(previous, target) ? waitForOther(run) : undefined;
  return other ?? rollingOut({ ...rolloutOf(run), appliedAt: rfc3339(run.now) }, run);
}

/** The service changed before its canary was ready, or had answered. */
function isUnproved(run: Run, { canary }: Handover): boolean {
  const { canaryReadyAt, evaluatedAt } = rolloutOf(run);
  return canary !== undefined && (canaryReadyAt === undefined || (asksEndpoint(run) && evaluatedAt === undefined));
}

/** Somebody changed the service after it was saved: that, not the older state, is what to put back. */
function saveAgain(run: Run, handover: Handover): Step {
  const { service, previous, canary } = handover;
  const { startedAt = rfc3339(run.now) } = rolloutOf(run);
  const problem = secretArguments(run, service) ?? changedSincePlan(run, service);
  if (problem === undefined) return save(run, { ...service, fields: withoutRaise(service.fields, previous, canary?.minReplicas) }, startedAt);
  return hasTouched(run, handover) ? startPutBack(run, problem) : fail(run, problem, 'Served');
}

/** The canary stays until the service runs what it runs. */
function move(run: Run, handover: Handover): Action {
  const { target, canary } = handover;
  return moveService(run, handover, compact({ ...target, canary }));
}

/** Written, yet all as before: a late cache at first, then somebody who took it back sooner than we could look. */
function unseen(run: Run, handover: Handover, writtenAt: string): Step {
  return elapsedMs(run, writtenAt) < lateCacheMs ? rollingOut(rolloutOf(run), run) : writeAgain(run, handover);
}

/**
 * Our fields were there; if they are not any more, another manager took them back. Where the service had them before us, there is now
 * something to move after all, and from the beginning: to write it again would pass by the canary and its gate.
 */
function watch(run: Run, handover: Handover): Step | undefined {
  const { service, previous, target } = handover;
  if (sameModel(service.fields, target)) return undefined;
  return sameModel(previous, target) ? saveAgain(run, handover) : writeAgain(run, handover);
}

function writeAgain(run: Run, handover: Handover): Step {
  const { service } = handover;
  const state = rolloutOf(run);
  const reverts = (state.reverts ?? 0) + 1;
  if (reverts >= mostReverts) return conflict(run, service, reverts);
  const { strategy, startedAt, canaryWrittenAt, canaryReadyAt, evaluation, evaluatedAt } = state;
  return { ...rollingOut(compact({ strategy, startedAt, canaryWrittenAt, canaryReadyAt, evaluation, evaluatedAt, writtenAt: rfc3339(run.now), reverts }), run), actions: [move(run, handover)] };
}

export function conflict(run: Run, { otherManagers }: ServiceObserved, reverts: number): Step {
  const managers = otherManagers.length === 0 ? 'another field manager' : otherManagers.join(', ');
  const message = `${managers} changed the service's fields back ${reverts} times. What is still as the rollout wrote it is put back, the rest is theirs. Leave these fields out of Git, or make its Application ignore them.`;
  const step = startPutBack(run, { reason: 'ServingConflict', message });
  return { ...step, conditions: [{ type: 'ServingConflict', status: 'True', reason: 'ServingConflict', message }, ...(step.conditions ?? [])] };
}

export function failed(run: Run, running: Running, target: ServiceFields): Step | undefined {
  const message = failureOf(run, running, target);
  return message === undefined ? undefined : startPutBack(run, { reason: 'RolloutFailed', message });
}

export function isLate(run: Run, state = rolloutOf(run)): boolean {
  return timeLeftMs(run, state) <= 0;
}

/** Each part of a rollout has the whole timeout: what a canary took, or the questions to it, is not the service's. */
export function timeLeftMs(run: Run, { startedAt, canaryReadyAt = startedAt, evaluatedAt = canaryReadyAt, unhealthySince = evaluatedAt } = rolloutOf(run)): number {
  if (unhealthySince === undefined || run.spec.serving === undefined) return Infinity;
  return durationMs(run.spec.serving.timeout) - elapsedMs(run, unhealthySince);
}
