/** A process decides from nothing older than its own writes: it never creates what it knows that it has created moments ago. */
import type { Rule } from './invariant.ts';

/** The barrier's patience. */
const withinMs = 5_000;

export const ownWrites: Rule = (context) => {
  const created = new Map<string, number>();
  return {
    answered: ({ verb, type, key, process }, error) => {
      const id = `${process} ${type.plural} ${key}`;
      if (verb === 'delete') created.delete(id);
      if (verb !== 'create') return;
      const ms = context.scheduler.elapsedMs - (created.get(id) ?? Number.NEGATIVE_INFINITY);
      if (error?.reason === 'AlreadyExists' && ms < withinMs) context.violated('own writes are seen', `${process} created ${type.kind} ${key} again, ${ms} ms after it had been told that it exists.`);
      if (error === undefined) created.set(id, context.scheduler.elapsedMs);
    },
  };
};
