/**
 * Who owns a field of the service, as server-side apply knows it: what our apply leaves out goes if it was ours alone.
 *
 * A value that changed behind our back is somebody else's; what we let go is nobody's until it is applied again.
 */
import { equal } from '../serving/fields.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Owned {
  readonly value: unknown;
  readonly ours: boolean;
  readonly theirs: boolean;
}

export class Ownership {
  #fields: ReadonlyMap<string, Owned> = new Map();

  /** The fields after a forced apply. `managedByUs`: fields that were there from the start are an earlier rollout's. */
  apply(managedByUs: boolean, before: Fields, applied: Fields): Fields {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(applied)])];
    const known = new Map(keys.map((key) => [key, this.#known(key, before[key], managedByUs)]));
    const next = keys.flatMap((key): [string, Owned][] => {
      const old = known.get(key);
      if (old === undefined) return [];
      const value = applied[key];
      if (value !== undefined) return [[key, { value, ours: true, theirs: old.theirs && equal(old.value, value) }]];
      return old.ours && !old.theirs ? [] : [[key, { ...old, ours: false }]];
    });
    this.#fields = new Map(next);
    return Object.fromEntries(next.map(([key, { value }]) => [key, value]));
  }

  release(managedByUs: boolean, before: Fields): void {
    const known = Object.entries(before).map(([key, value]) => [key, { ...this.#known(key, value, managedByUs), ours: false }] as const);
    this.#fields = new Map(known);
  }

  #known(key: string, value: unknown, managedByUs: boolean): Owned {
    const owned = this.#fields.get(key);
    if (owned !== undefined && equal(owned.value, value)) return owned;
    const ours = managedByUs && this.#fields.size === 0;
    return { value, ours, theirs: !ours };
  }
}
