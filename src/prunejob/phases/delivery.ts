/**
 * After an emitted patch: what Git has delivered of it, judged by what really runs, without ever writing to the service.
 *
 * The run is over, so nothing but Served (or RolledBack, where somebody wants the previous model back) moves any more.
 */
import type { ConditionReason, ConditionUpdate } from '../../api/conditions.ts';
import type { RolloutStatus } from '../../api/v1alpha1/prunejob.ts';
import { silenceOf, unasked } from '../handover/answers.ts';
import { awaitedOf, isAwaitingGit, isUnwatched, nextLookMs } from '../handover/awaiting-git.ts';
import { compact } from '../compact.ts';
import { currentService, handoverOf, runs, type Handover } from '../handover/handover.ts';
import { failureOf } from '../handover/verdict.ts';
import { conditionOf, elapsedMs, rfc3339, rolloutOf, type Run } from '../run.ts';
import type { ServiceFields, ServiceObserved } from '../serving/adapter.ts';
import { differing, sameModel, type ModelKey } from '../serving/fields.ts';
import type { Step } from '../step.ts';
import { durationMs } from '../units.ts';
import { awaitingGit } from './emit.ts';
import { servedMessage } from './finish.ts';
import { terminal } from './terminal.ts';

const lookAgainMs = 5000;

export function delivery(run: Run): Step | undefined {
  const { pruneJob, service } = run.observed;
  if (!isAwaitingGit(pruneJob) || terminal(run)?.actions?.length !== 0) return undefined;
  const handover = handoverOf(run);
  if (typeof service === 'string' || handover === undefined) return waiting(run, { reason: 'AwaitingGit', message: 'The service does not exist.' });
  if (service.refusal !== undefined) return waiting(run, { reason: 'AwaitingGit', message: `The service cannot be judged as it is: ${service.refusal.message}` });
  return awaitedOf(pruneJob) === 'Served' ? arrival(run, handover) : wayBack(run, handover);
}

function arrival(run: Run, { serving, service, previous, final }: Handover): Step {
  if (runs(service.running, final, run.status.plan?.tensorParallel)) return answering(run, service) ?? soak(run, service, durationMs(serving.soak));
  if (sameModel(service.fields, final)) return coming(run, service, final);
  if (sameModel(service.fields, previous)) return waiting(run, { reason: 'AwaitingGit', message: awaitingGit });
  return waiting(run, { status: 'False', reason: 'NotAsEmitted', message: `The service asks for something else than the patch: ${otherwise(service.fields, final)}.` });
}

/** The pods are asked by the clock: no watch tells that one of them has begun to answer. */
function answering(run: Run, { running }: ServiceObserved): Step | undefined {
  const silence = silenceOf(run, running);
  return silence === undefined ? undefined : waiting(run, { reason: 'Verifying', message: `Git has delivered the patch; the service ${silence}.`, byClock: true }, arrived(run));
}

function arrived(run: Run): RolloutStatus {
  return { appliedAt: rolloutOf(run).appliedAt ?? rfc3339(run.now) };
}

/** As a rollout ends: with the pods as they shall be for as long as the soak lasts. */
function soak(run: Run, service: ServiceObserved, soakMs: number): Step {
  const verifiedAt = rolloutOf(run).verifiedAt ?? rfc3339(run.now);
  const left = soakMs - elapsedMs(run, verifiedAt);
  if (left > 0) return { ...under(run, { ...arrived(run), verifiedAt }, said(run, 'Unknown', 'Verifying', 'The pods run the pruned model; it must stay so for serving.soak.')), requeueAfterMs: Math.min(left, lookAgainMs) };
  return ended(run, service, 'Complete', [said(run, 'True', 'Serving', [servedMessage(run), ...unasked('Was', run.status.serving?.previous)].join(' '))]);
}

function coming(run: Run, { running }: ServiceObserved, final: ServiceFields): Step {
  const failure = failureOf(run, running, final);
  if (failure !== undefined) return waiting(run, { status: 'False', reason: 'RolloutFailed', message: `${failure} Revert the change in Git.` }, arrived(run));
  const message = `Git has delivered the patch; the service ${running.pending ?? 'does not run the pruned model yet'}.`;
  const step = waiting(run, { reason: 'Verifying', message }, arrived(run));
  // Nothing tells that a pod goes on waiting.
  return running.stuck === undefined ? step : { ...step, requeueAfterMs: lookAgainMs };
}

/** The commit that is reverted is Git's too. */
function wayBack(run: Run, { service, previous }: Handover): Step {
  const { configMap } = run.status.serving?.emitted ?? {};
  if (!runs(service.running, previous)) {
    return waiting(run, { reason: 'AwaitingGit', message: `serving.rollbackRequested asks for the previous model, which with mode Emit Git brings back: revert the commit, or commit the revert patch in ConfigMap ${configMap ?? ''}.` });
  }
  const message = 'The service runs its previous model, as serving.rollbackRequested asked.';
  return ended(run, service, 'RolledBack', [said(run, 'True', 'PutBack', message), { type: 'Served', status: 'False', reason: 'RolledBack', message }]);
}

interface Finding {
  readonly status?: ConditionUpdate['status'];
  readonly reason: ConditionReason;
  readonly message: string;
  /** Also of a service that is watched. */
  readonly byClock?: boolean;
}

function waiting(run: Run, { status = 'Unknown', reason, message, byClock = isUnwatched(run.observed.pruneJob) }: Finding, rollout: RolloutStatus = {}): Step {
  const found = under(run, rollout, said(run, status, reason, message));
  if (!byClock) return found;
  const requeueAfterMs = nextLookMs(waitedMs(run, rollout));
  if (requeueAfterMs !== undefined) return { ...found, requeueAfterMs };
  return under(run, rollout, said(run, 'False', 'NotDelivered', `${message} It is not looked at any more.`));
}

/** Of a time that is no time, or lies ahead, nothing. */
function waitedMs(run: Run, { appliedAt }: RolloutStatus): number {
  const since = appliedAt ?? conditionOf(run, awaitedOf(run.observed.pruneJob) === 'RolledBack' ? 'RolledBack' : 'Complete')?.lastTransitionTime;
  return Math.max(since === undefined ? 0 : elapsedMs(run, since), 0) || 0;
}

function said(run: Run, status: ConditionUpdate['status'], reason: ConditionReason, message: string): ConditionUpdate {
  return { type: awaitedOf(run.observed.pruneJob), status, reason, message };
}

/** What the service holds is told when it has arrived: until then no GPU is free. */
function under(run: Run, rollout: RolloutStatus, condition: ConditionUpdate): Step {
  // By server-side apply an object that loses its last field becomes null, which the API refuses.
  const serving = compact({ ...run.status.serving, rollout: Object.keys(rollout).length === 0 ? undefined : rollout });
  return { phase: 'Emitted', conditions: [condition, ...takenBack(run)], set: { serving } };
}

function ended(run: Run, service: ServiceObserved, phase: 'Complete' | 'RolledBack', conditions: readonly ConditionUpdate[]): Step {
  return { phase, conditions: [...conditions, ...takenBack(run)], set: { serving: { ...run.status.serving, current: currentService(service) } } };
}

function takenBack(run: Run): ConditionUpdate[] {
  const status = conditionOf(run, 'RolledBack')?.status ?? 'False';
  if (status === 'False' || awaitedOf(run.observed.pruneJob) === 'RolledBack') return [];
  return [{ type: 'RolledBack', status: 'False', reason: 'NothingToRollBack', message: 'serving.rollbackRequested was taken back.' }];
}

/** Arguments are only named: what somebody else wrote there may be a secret, and conditions become Events and log lines. */
function otherwise(actual: ServiceFields, wanted: ServiceFields): string {
  const told = (key: ModelKey): string => (key === 'args' || key === 'command' ? `its ${key} differ` : `${key} is ${JSON.stringify(actual[key])}, not ${JSON.stringify(wanted[key])}`);
  return differing(actual, wanted).map(told).join('; ');
}
