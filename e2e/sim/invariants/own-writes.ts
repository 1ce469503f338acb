/** A process decides from nothing older than its own writes: it never creates what it knows that it has created, and that nobody removed since. */
import type { Rule } from './invariant.ts';

/** The barrier's patience. */
const withinMs = 300_000;

export const ownWrites: Rule = (context) => {
  const created = new Map<string, number>();
  return {
    committed: ({ type, key, after }) => {
      if (after === undefined) for (const id of created.keys()) if (id.endsWith(` ${type.plural} ${key}`)) created.delete(id);
    },
    // For whom, because a claim of a PruneJob that is gone may outlive it: its successor must ask for its own, and is refused until then.
    answered: ({ verb, type, key, process, about = '' }, error) => {
      if (verb !== 'create') return;
      const id = `${process} ${about} ${type.plural} ${key}`;
      const ms = context.scheduler.elapsedMs - (created.get(id) ?? Number.NEGATIVE_INFINITY);
      if (error?.reason === 'AlreadyExists' && ms < withinMs) context.violated('own writes are seen', `${process} created ${type.kind} ${key} again, ${ms} ms after it had been told that it exists.`);
      if (error === undefined) created.set(id, context.scheduler.elapsedMs);
    },
  };
};
