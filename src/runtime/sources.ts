/**
 * From a change to the keys that must be looked at: pure functions, put together where a controller is declared.
 */
import { keyOf } from './keys.ts';
import type { Change, Store } from './store.ts';
import type { Key, KubeObject } from './types.ts';

export type KeysOf<T> = (object: T) => readonly Key[];

/** What makes a controller look at a key: changes in one store, mapped to keys. */
export interface Source {
  readonly attach: (add: (key: Key) => void) => void;
  /** The keys of everything present, for the periodic second look. */
  readonly keys: () => Iterable<Key>;
}

/** Keys of both the old and the new object are added, so that a child that changes its owner is seen by both. */
export function source<T extends KubeObject>(store: Store<T>, keys: KeysOf<T>): Source {
  return {
    attach: (add) => {
      store.onChange((change) => {
        for (const key of keysOfChange(change, keys)) add(key);
      });
    },
    keys: () => new Set(store.list().flatMap((object) => keys(object))),
  };
}

function keysOfChange<T>({ before, after }: Change<T>, keys: KeysOf<T>): ReadonlySet<Key> {
  return new Set([before, after].flatMap((object) => (object === undefined ? [] : keys(object))));
}

export const ownKey: KeysOf<KubeObject> = (object) => [keyOf(object)];
