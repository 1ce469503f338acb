/** Turns a step into the whole next status, and what changed in its conditions into events. */
import { setCondition, type ConditionType, type ConditionUpdate } from '../api/conditions.ts';
import type { Condition, PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import { compact } from './compact.ts';
import type { Decision, EventIntent } from './decision.ts';
import { isSetback } from './failure/pod-failure.ts';
import { plainText } from './plain-text.ts';
import { holds, type Run } from './run.ts';
import type { Step } from './step.ts';

/** The CRD's bounds: one field too long would lose the whole status write, an event note the event. */
const longestMessage = 4096;
const longestNote = 1024;

export function conclude(run: Run, step: Step): Decision {
  const { metadata } = run.observed.pruneJob;
  const conditions = nextConditions(run, step);
  const status: PruneJobStatus = compact({ ...run.status, ...step.set, observedGeneration: metadata.generation, conditions, waiting: step.waiting });
  if (step.phase !== undefined) status.phase = step.phase;
  for (const field of step.clear ?? []) Reflect.deleteProperty(status, field);
  return {
    actions: step.actions ?? [],
    status,
    events: events(run.status.conditions ?? [], conditions),
    ...(step.requeueAfterMs === undefined ? {} : { requeueAfterMs: Math.max(step.requeueAfterMs, 0) }),
  };
}

/** Nothing changes, and nothing is due. */
export function unchanged({ status }: Run): Decision {
  return { actions: [], status, events: [] };
}

function nextConditions(run: Run, step: Step): Condition[] {
  const at = { generation: run.observed.pruneJob.metadata.generation, now: run.now };
  const updates = [...resumed(run, step), ...(step.conditions ?? [])];
  return updates.reduce((list, update) => setCondition(list, { ...update, message: plainText(update.message).slice(0, longestMessage) }, at), standing(run, step));
}

/** Any step of a run that is no longer suspended tells so. */
function resumed(run: Run, step: Step): ConditionUpdate[] {
  return goesOn(run, step) ? [{ type: 'Suspended', status: 'False', reason: 'Resumed', message: 'The run goes on.' }] : [];
}

/** That the service was put back for the pause would be a lie once it is moved after all. */
function standing(run: Run, step: Step): Condition[] {
  const conditions = run.status.conditions ?? [];
  return goesOn(run, step) ? conditions.filter(({ type, reason }) => type !== 'RolledBack' || reason !== 'PutBack') : conditions;
}

function goesOn(run: Run, { phase }: Step): boolean {
  return holds(run, 'Suspended') && run.spec.suspend !== true && phase !== undefined;
}

const actionOf: Readonly<Record<ConditionType, string>> = {
  Planned: 'Plan', Queued: 'Queue', Pruned: 'Prune', QualityAccepted: 'Gate', Published: 'Publish', Served: 'Serve',
  ServingConflict: 'Serve', RolledBack: 'RollBack', Suspended: 'Suspend', Complete: 'Finish', Failed: 'Finish',
};
const badWhenTrue: readonly string[] = ['Failed', 'ServingConflict'];
const fineWhenFalse: readonly string[] = ['Queued', 'Suspended'];

function events(before: readonly Condition[], after: readonly Condition[]): EventIntent[] {
  const changed = after.filter((condition) => !isOver(condition) && !before.some((old) => old.type === condition.type && old.status === condition.status && old.reason === condition.reason));
  // The stages' own conditions say the same as Failed or Suspended; one event is enough.
  const whole = changed.find(({ type }) => type === 'Failed' || type === 'Suspended');
  return joined(changed.filter((condition) => condition === whole || condition.reason !== whole?.reason).map(event));
}

/** That nothing waits any more goes without saying where the end is told. */
function isOver({ type, reason }: Condition): boolean {
  return type === 'Queued' && reason === 'Finished';
}

/** What went well in one turn is one event with all its sentences: each event is a write, and people read them as one anyway. */
function joined(list: readonly EventIntent[]): EventIntent[] {
  const good = list.filter(({ type }) => type === 'Normal');
  const last = good.at(-1);
  if (last === undefined) return [...list];
  const note = [...new Set(good.map((intent) => intent.note))].join(' ').slice(0, longestNote);
  return [...list.filter(({ type }) => type === 'Warning'), { ...last, note }];
}

function event({ type, status, reason, message }: Condition): EventIntent {
  const warns = { True: badWhenTrue.includes(type), False: !fineWhenFalse.includes(type), Unknown: isSetback(reason) }[status];
  return { type: warns ? 'Warning' : 'Normal', reason, action: actionOf[type as ConditionType], note: message.slice(0, longestNote) };
}
