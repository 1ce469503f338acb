/** A run told line by line, for logs and pipes: what is new between two looks. */
import type { Condition, PruneJob } from '../api/v1alpha1/prunejob.ts';
import { whereabouts } from './screen.ts';

/** Lines of what changed; all of it at the first look. */
export function news(before: PruneJob | undefined, after: PruneJob): string[] {
  return [...changedConditions(before, after), ...moved(before, after)];
}

function changedConditions(before: PruneJob | undefined, after: PruneJob): string[] {
  const old = before?.status?.conditions ?? [];
  const changed = (after.status?.conditions ?? []).filter((condition) => !old.some((other) => same(other, condition)));
  return changed.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
}

function same(a: Condition, b: Condition): boolean {
  return a.type === b.type && a.status === b.status && a.reason === b.reason && a.message === b.message;
}

function moved(before: PruneJob | undefined, after: PruneJob): string[] {
  const [was, is] = [before?.status?.progress, after.status?.progress];
  if (is?.percent === undefined) return [];
  if (was?.percent === is.percent && was.stage === is.stage && was.layer === is.layer) return [];
  return [`Progress ${is.percent} % ${whereabouts(is)}`.trimEnd()];
}
