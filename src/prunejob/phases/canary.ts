/**
 * Strategy Canary: one pod of the pruned model runs beside the service, without traffic, before the service itself is touched.
 *
 * What cannot load, or crashes, is found there, and no request was ever sent to it.
 */
import { silenceOf } from '../handover/answers.ts';
import { compact } from '../compact.ts';
import { handoverOf, moveService, runs, type Handover } from '../handover/handover.ts';
import { elapsedMs, holds, rfc3339, rolloutOf, type Run } from '../run.ts';
import { waitForOther } from '../handover/same-service.ts';
import { sameCanary, sameFields, sameModel } from '../serving/fields.ts';
import type { Canary } from '../serving/adapter.ts';
import type { Step } from '../step.ts';
import { startPutBack } from './put-back.ts';
import { conflict, failed, isLate, lateCacheMs, mostReverts, rollingOut } from './rollout.ts';

export function canary(run: Run): Step | undefined {
  const handover = isDue(run) ? handoverOf(run) : undefined;
  if (handover?.canary === undefined) return undefined;
  const { service, previous, target } = handover;
  // Served already, or changed after it was saved: the rollout knows what to do.
  if (sameModel(previous, target) || !sameFields(service.fields, previous)) return undefined;
  if (isLate(run)) return late(run, handover);
  return sameCanary(service.fields.canary, handover.canary) ? watch(run, handover) : launch(run, handover, handover.canary);
}

function isDue(run: Run): boolean {
  const { canaryReadyAt, appliedAt } = rolloutOf(run);
  return holds(run, 'Published') && !holds(run, 'Served') && canaryReadyAt === undefined && appliedAt === undefined;
}

function late(run: Run, handover: Handover): Step {
  const reason = isUp(run, handover) ? 'NotAnswering' : 'RolloutTimedOut';
  return startPutBack(run, { reason, message: `The canary was not ready within serving.timeout ${handover.serving.timeout}. It ${pendingOf(run, handover)}.` });
}

function pendingOf(run: Run, handover: Handover): string {
  const { canary } = handover.service;
  if (canary === undefined) return 'has no Deployment yet';
  return (isUp(run, handover) ? silenceOf(run, canary) : canary.pending) ?? 'does not run the pruned model yet';
}

function isUp(run: Run, { service: { canary }, target }: Handover): boolean {
  return canary !== undefined && runs(canary, target, run.status.plan?.tensorParallel);
}

function launch(run: Run, handover: Handover, wanted: Canary): Step {
  const state = rolloutOf(run);
  const { canaryWrittenAt } = state;
  if (canaryWrittenAt === undefined) return waitForOther(run) ?? write(run, handover, wanted);
  if (elapsedMs(run, canaryWrittenAt) < lateCacheMs) return starting(run, handover);
  const reverts = (state.reverts ?? 0) + 1;
  if (reverts >= mostReverts) return conflict(run, handover.service, reverts);
  return write(run, handover, wanted, { reverts });
}

function write(run: Run, handover: Handover, wanted: Canary, counted: { readonly reverts?: number } = {}): Step {
  const next = { ...rolloutOf(run), ...counted, canaryWrittenAt: rfc3339(run.now) };
  // What is ours already would vanish from the stable predictor if it were left out.
  const ours = handover.service.managedByUs ? handover.previous : {};
  const fields = compact({ ...ours, canary: wanted, stable: handover.previous.stable });
  return { ...rollingOut(next, run, 'A canary of the pruned model is started, without traffic.'), actions: [moveService(run, handover, fields)] };
}

function watch(run: Run, handover: Handover): Step {
  const { service: { canary: running }, target } = handover;
  if (running === undefined) return starting(run, handover);
  if (isUp(run, handover) && silenceOf(run, running) === undefined) {
    return rollingOut({ ...rolloutOf(run), canaryReadyAt: rfc3339(run.now) }, run, 'The canary runs the pruned model; the service follows.');
  }
  return failed(run, running, target) ?? starting(run, handover);
}

function starting(run: Run, handover: Handover): Step {
  return rollingOut(rolloutOf(run), run, `The canary ${pendingOf(run, handover)}.`);
}

/** The service runs the pruned model itself: the canary goes before the soak, so that what is judged is what stays. */
export function retire(run: Run, handover: Handover): Step | undefined {
  const { service, target } = handover;
  const state = rolloutOf(run);
  if (service.fields.canary === undefined && service.canary === undefined) return undefined;
  // First, because a write that is refused ends the turn.
  if (isLate(run)) return startPutBack(run, { reason: 'RolloutTimedOut', message: `The canary was not gone within serving.timeout ${handover.serving.timeout}.` });
  if (service.fields.canary !== undefined) return { ...rollingOut(state, run, 'The canary has done its work and goes.'), actions: [moveService(run, handover, target)] };
  return rollingOut(state, run, 'The pods of the canary are going.');
}
