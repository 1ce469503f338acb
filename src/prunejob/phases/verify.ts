/**
 * Success is what runs: the rendered Deployment and its pods, for as long as the soak lasts.
 *
 * A sign of failure counts only once the Deployment asks for the pruned model, because the service keeps old ones.
 */
import type { RolloutStatus } from '../../api/v1alpha1/prunejob.ts';
import { silenceOf } from '../answers.ts';
import { compact } from '../compact.ts';
import type { Action } from '../decision.ts';
import { withDowntime } from '../downtime.ts';
import { applyService, currentService, handoverOf, runs, type Handover } from '../handover.ts';
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
  if (!runs(service.running, target, run.status.plan?.tensorParallel)) return failed(run, service.running, target) ?? waitFor(run, handover);
  const silence = silenceOf(run, service.running);
  return silence === undefined ? (retire(run, handover) ?? soak(run, handover)) : waitFor(run, handover, silence);
}

function waitFor(run: Run, handover: Handover, silence?: string): Step {
  const waiting = `The service ${silence ?? handover.service.running.pending ?? 'does not run the pruned model yet'}.`;
  const reason = silence === undefined ? 'RolloutTimedOut' : 'NotAnswering';
  if (isLate(run)) return startPutBack(run, { reason, message: `The rollout was not done within serving.timeout ${handover.serving.timeout}. ${waiting}` });
  const state = compact({ ...rolloutOf(run), verifiedAt: undefined });
  return { ...under(run, handover, waiting, state), requeueAfterMs: Math.min(timeLeftMs(run), lookAgainMs) };
}

function soak(run: Run, handover: Handover): Step {
  const state = rolloutOf(run);
  const verifiedAt = state.verifiedAt ?? rfc3339(run.now);
  const left = durationMs(handover.serving.soak) - elapsedMs(run, verifiedAt);
  if (left > 0 || state.verifiedAt === undefined) {
    const message = `The pods run the pruned model; it must stay so for ${handover.serving.soak}.`;
    return { ...under(run, handover, message, { ...state, verifiedAt }), requeueAfterMs: Math.min(left, lookAgainMs) };
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
    actions: [...(untouched ? [] : [applyService(run, handover, final)]), ...letGo(run, handover, !untouched)],
  };
}

/** What is nobody's cannot vanish with a later rollout's writes. Where Git ignores what is ours, letting go would bring its values back. */
function letGo(run: Run, { serving, service }: Handover, written: boolean): Action[] {
  const owned = (written || service.managedByUs) && !service.gitIgnoresFields;
  return owned ? [{ kind: 'ReleaseService', ref: serviceRef(run, serving) }] : [];
}

/** What the price was, and what could not be seen. */
function remarks({ status }: Run, { downtimeSeconds }: RolloutStatus): string[] {
  const { answered, unansweredBecause = '' } = status.serving?.previous ?? {};
  const down = downtimeSeconds === undefined ? [] : [`It was down for ${downtimeSeconds} s.`];
  return answered === false ? [...down, `No completion was asked of it, because the service before did not answer one to the operator: ${unansweredBecause}.`] : down;
}

function under(run: Run, { service }: Handover, message: string, state: RolloutStatus): Step {
  const rollout = withDowntime(run, service.running, state);
  const phase = rollout.verifiedAt === undefined ? 'RollingOut' : 'Verifying';
  return {
    phase,
    conditions: [{ type: 'Served', status: 'Unknown', reason: phase, message }],
    set: { serving: { ...run.status.serving, current: currentService(service), rollout } },
  };
}
