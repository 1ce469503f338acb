/** A service that somebody scales beside its canary: kept in the status, so that the new value stays theirs whatever it becomes. */
import { handoverOf } from '../handover/handover.ts';
import { isRollingOut, type Run } from '../run.ts';
import { equal } from '../serving/fields.ts';
import type { Step } from '../step.ts';

export function scaled(run: Run): Step | undefined {
  const { serving } = run.status;
  const handover = isRollingOut(run) ? handoverOf(run) : undefined;
  if (handover === undefined || serving?.previous === undefined || equal(serving.previous.fields, handover.previous)) return undefined;
  return { set: { serving: { ...serving, previous: { ...serving.previous, fields: { ...handover.previous } } } }, requeueAfterMs: 0 };
}
