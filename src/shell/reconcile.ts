/**
 * One turn for one PruneJob: observe, decide, act, write the status once, tell the events.
 *
 * Events come last, so that nobody reads of what the status does not hold; an action that fails ends the turn before the status
 * can claim it, and the retry starts from a new observation. One that no retry would mend ends in another decision instead.
 */
import { isDeepStrictEqual } from 'node:util';
import { apiVersion, kind } from '../api/names.ts';
import type { PruneJob, PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import { compact } from '../prunejob/compact.ts';
import type { Action, Decision, EventIntent } from '../prunejob/decision.ts';
import type { Observed } from '../prunejob/observed.ts';
import type { Refusal } from '../prunejob/refused.ts';
import type { Clock } from '../runtime/clock.ts';
import { asError, isNotFound } from '../runtime/errors.ts';
import type { Recorder } from '../runtime/recorder.ts';
import type { Client, KubeObject, Reconcile } from '../runtime/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { withSpan } from '../telemetry/trace.ts';
import type { Act } from './act.ts';
import type { DomainMetrics } from './domain-metrics.ts';
import type { Observe } from './observe.ts';
import { pruneJobType } from './resources.ts';

export interface ReconcileOptions {
  readonly observe: Observe;
  readonly decide: (observed: Observed, now: Date) => Decision;
  readonly decideRefused: (observed: Observed, refusal: Refusal, now: Date) => Decision;
  readonly act: Act;
  readonly client: Pick<Client, 'applyStatus'>;
  readonly recorder: Recorder;
  readonly metrics: DomainMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createReconcile(options: ReconcileOptions): Reconcile {
  return async (key) => {
    const observed = await withSpan('observe', {}, () => options.observe(key));
    if (observed === undefined) {
      options.metrics.forget(key);
      return {};
    }
    const first = await withSpan('decide', {}, () => Promise.resolve(options.decide(observed, options.clock.now())));
    const { decision, pruneJob } = await carryOut(options, observed, first);
    if (decision.actions.some(letsGo)) return {};
    const status = await writeStatus(options.client, pruneJob, decision.status);
    for (const event of decision.events) tell(options, pruneJob, event);
    options.metrics.show({ pruneJob, status, childJobs: observed.childJobs });
    return decision.requeueAfterMs === undefined ? {} : { requeueAfterMs: decision.requeueAfterMs };
  };
}

function tell({ recorder, log }: ReconcileOptions, regarding: PruneJob, event: EventIntent): void {
  recorder.record({ regarding, ...event });
  log.info(event.note, { reason: event.reason });
}

/** The decision that holds, and the PruneJob in the version that its own actions have left it in: the status is written over that one. */
interface CarriedOut {
  readonly decision: Decision;
  readonly pruneJob: PruneJob;
}

/** A refused action ends the decision that asked for it, and what the domain makes of the refusal follows. */
async function carryOut(options: ReconcileOptions, observed: Observed, decision: Decision): Promise<CarriedOut> {
  let { pruneJob } = observed;
  for (const action of decision.actions) {
    const answer = await run(options, action, pruneJob);
    if (answer !== undefined && 'manifest' in answer) {
      return carryOut(options, { ...observed, pruneJob }, options.decideRefused(observed, answer, options.clock.now()));
    }
    if (answer !== undefined) pruneJob = { ...pruneJob, metadata: compact({ ...pruneJob.metadata, ...answer }) };
  }
  return { decision, pruneJob };
}

async function run({ act, recorder, log }: ReconcileOptions, action: Action, regarding: PruneJob): ReturnType<Act> {
  try {
    const answer = await withSpan('act', { action: describe(action) }, () => act(action, regarding));
    if (answer === undefined || !('manifest' in answer)) log.info(`Done: ${describe(action)}.`);
    return answer;
  } catch (error) {
    recorder.record({ regarding, type: 'Warning', reason: 'ActionFailed', action: action.kind, note: `${describe(action)}: ${asError(error).message}` });
    if (!('bestEffort' in action)) throw error;
    return undefined;
  }
}

/** It has another version now, or is gone; what is left to say of it, its own event brings up. */
function letsGo({ kind: action }: Action): boolean {
  return action === 'RemoveFinalizer';
}

/**
 * The uid keeps a PruneJob re-created under the same name from inheriting this status, and the version keeps what was decided from an
 * older one (a cache that is late, a leader that was) from undoing what has been decided since. One that is gone needs none.
 * Answers the status as it is now; where nothing is new that is the cache's own, so that whoever keeps it holds no second one.
 */
async function writeStatus(client: Pick<Client, 'applyStatus'>, pruneJob: PruneJob, status: PruneJobStatus): Promise<PruneJobStatus> {
  const { status: held = {} } = pruneJob;
  if (isDeepStrictEqual(asJson(status), asJson(held))) return held;
  const { name, namespace, uid, resourceVersion } = pruneJob.metadata;
  const object = { apiVersion, kind, metadata: { name, namespace, uid, resourceVersion }, status };
  await withSpan('write status', { phase: status.phase ?? '' }, () => client.applyStatus(pruneJobType, object as KubeObject)).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
  return status;
}

/** As the API server stores it: without fields that are undefined. */
function asJson(status: PruneJobStatus): unknown {
  return JSON.parse(JSON.stringify(status));
}

function describe(action: Action): string {
  const name = 'manifest' in action ? action.manifest.metadata.name : 'name' in action ? action.name : 'ref' in action ? action.ref.name : '';
  return name === '' ? action.kind : `${action.kind} ${name}`;
}
