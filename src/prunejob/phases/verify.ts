/**
 * Success is what runs: the rendered Deployment and its pods, for as long as the soak lasts.
 *
 * A sign of failure counts only once the Deployment asks for the pruned model, because the service keeps old ones.
 */
import type { RolloutStatus } from '../../api/v1alpha1/prunejob.ts';
import { silenceOf, unasked } from '../handover/answers.ts';
import type { Action } from '../decision.ts';
import { withDowntime } from '../handover/downtime.ts';
import { currentService, handoverOf, moveService, runs, type Handover } from '../handover/handover.ts';
import { elapsedMs, holds, rfc3339, rolloutOf, serviceRef, type Run } from '../run.ts';
import { sameFields, sameModel } from '../serving/fields.ts';
import type { Step } from '../step.ts';
import { durationMs } from '../units.ts';
import { retire } from './canary.ts';
import { complete, servedMessage } from './finish.ts';
import { startPutBack } from './put-back.ts';
import { failed, isLate, timeLeftMs } from './rollout.ts';

const lookAgainMs = 5000;

export function verify(run: Run): Step | undefined {
  const handover = handoverOf(run);
  if (handover === undefined || !holds(run, 'Published') || holds(run, 'Served')) return undefined;
  const { service, target } = handover;
  if (!runs(service.running, target, run.status.plan?.tensorParallel)) return failed(run, service.running, target) ?? unsettled(run, handover);
  const silence = silenceOf(run, service.running);
  return silence === undefined ? (retire(run, handover) ?? soak(run, handover)) : waitFor(run, handover, silence, 'NotAnswering');
}

function unsettled(run: Run, handover: Handover): Step {
  const { running } = handover.service;
  const pending = running.pending ?? 'does not run the pruned model yet';
  if (!isGrowing(run, handover)) return waitFor(run, handover, pending, 'RolloutTimedOut');
  return { ...under(run, handover, `The service ${pending}.`, steady(run)), requeueAfterMs: lookAgainMs };
}

/** More pods are asked for than were verified, by a user or an autoscaler, and those that were are all there: that is no bad sign. */
function isGrowing(run: Run, { service: { running, replicas }, target }: Handover): boolean {
  const { verifiedReplicas = Infinity } = rolloutOf(run);
  const { updatedReplicas = 0, availableReplicas = 0 } = running;
  const same = runs({ ...running, settled: true }, target, run.status.plan?.tensorParallel) && silenceOf(run, running) === undefined;
  return same && replicas > verifiedReplicas && Math.min(updatedReplicas, availableReplicas) >= verifiedReplicas;
}

/** A service that was verified has the whole timeout once more: one bad look must not undo a rollout that had time enough. But only once. */
function waitFor(run: Run, handover: Handover, pending: string, reason: 'RolloutTimedOut' | 'NotAnswering'): Step {
  const state = spoilt(run);
  const waiting = `The service ${pending}.`;
  if (isLate(run, state)) return startPutBack(run, { reason, message: `${lateBecause(state)} within serving.timeout ${handover.serving.timeout}. ${waiting}` });
  return { ...under(run, handover, waiting, state), requeueAfterMs: Math.min(timeLeftMs(run, state), lookAgainMs) };
}

/** The first bad look is kept, so that a service which is well now and then does not keep its rollout going for ever. */
function spoilt(run: Run): RolloutStatus {
  const { verifiedAt, ...state } = rolloutOf(run);
  if (verifiedAt === undefined) return state;
  return { ...state, unhealthySince: state.unhealthySince ?? rfc3339(run.now), flaps: (state.flaps ?? 0) + 1 };
}

function lateBecause({ unhealthySince, flaps = 0 }: RolloutStatus): string {
  if (unhealthySince === undefined) return 'The rollout was not done';
  return flaps > 1 ? `The service was healthy and then was not ${flaps} times, never for its whole soak,` : 'The service was not healthy again';
}

/** What was not healthy in between has its soak before it again. */
function steady(run: Run): RolloutStatus & { readonly verifiedAt: string } {
  return { ...rolloutOf(run), verifiedAt: rolloutOf(run).verifiedAt ?? rfc3339(run.now) };
}

function soak(run: Run, handover: Handover): Step {
  const state = { ...steady(run), verifiedReplicas: handover.service.replicas };
  const left = durationMs(handover.serving.soak) - elapsedMs(run, state.verifiedAt);
  if (left > 0 || rolloutOf(run).verifiedAt === undefined) {
    const message = `The pods run the pruned model; it must stay so for ${handover.serving.soak}.`;
    return { ...under(run, handover, message, state), requeueAfterMs: Math.min(left, lookAgainMs) };
  }
  return settle(run, handover, state);
}

/** Complete, with the service's own way of replacing pods given back: that changes no pod, so there is nothing to wait for. */
function settle(run: Run, handover: Handover, state: RolloutStatus): Step {
  const { service, previous, target, final } = handover;
  const untouched = sameFields(service.fields, final) || sameModel(previous, target);
  return {
    phase: 'Complete',
    conditions: [
      { type: 'Served', status: 'True', reason: 'Serving', message: `Every pod runs ${target.modelUri} on ${target.gpuLimit ?? 0} GPUs.` },
      complete('Finished', [servedMessage(run), ...remarks(run, state)].join(' ')),
    ],
    set: { serving: { ...run.status.serving, current: currentService(service), rollout: state } },
    actions: [...(untouched ? [] : [moveService(run, handover, final)]), ...letGo(run, handover, !untouched)],
  };
}

/** What is nobody's cannot vanish with a later rollout's writes. Where Git ignores what is ours, letting go would bring its values back. */
function letGo(run: Run, { serving, service }: Handover, written: boolean): Action[] {
  const owned = (written || service.managedByUs) && !service.gitIgnoresFields;
  return owned ? [{ kind: 'ReleaseService', ref: serviceRef(run, serving) }] : [];
}

/** What the price was, and what could not be seen. */
function remarks({ status }: Run, { downtimeSeconds }: RolloutStatus): string[] {
  const down = downtimeSeconds === undefined ? [] : [`It was down for ${downtimeSeconds} s.`];
  return [...down, ...unasked('Was', status.serving?.previous)];
}

function under(run: Run, { service }: Handover, message: string, state: RolloutStatus): Step {
  const rollout = withDowntime(run, service.running, state);
  const phase = (rollout.verifiedAt ?? rollout.unhealthySince) === undefined ? 'RollingOut' : 'Verifying';
  return {
    phase,
    conditions: [{ type: 'Served', status: 'Unknown', reason: phase, message }],
    set: { serving: { ...run.status.serving, current: currentService(service), rollout } },
  };
}
