/**
 * From a change to the keys that must be looked at: pure functions, put together where a controller is declared.
 */
import { apiVersionOf, joinKey, keyOf } from './keys.ts';
import type { Change, Store } from './store.ts';
import type { Key, KubeObject, OwnerReference, ResourceType } from './types.ts';

export type KeysOf<T> = (object: T) => readonly Key[];

/** Is this change worth a look? Asked only of an object that was there and still is: one that comes or goes always is. */
export type Predicate<T> = (before: T, after: T) => boolean;

/** What makes a controller look at a key: changes in one store, mapped to keys. */
export interface Source {
  readonly attach: (add: (key: Key) => void) => void;
  /** The keys of everything present, for the periodic second look. */
  readonly keys: () => Iterable<Key>;
}

/** Keys of both the old and the new object are added, so that a child that changes its owner is seen by both. */
export function source<T extends KubeObject>(store: Store<T>, keys: KeysOf<T>, matters: Predicate<T> = () => true): Source {
  return {
    attach: (add) => {
      store.onChange((change) => {
        if (passes(change, matters)) for (const key of keysOfChange(change, keys)) add(key);
      });
    },
    keys: () => new Set(store.list().flatMap((object) => keys(object))),
  };
}

function passes<T>({ before, after }: Change<T>, matters: Predicate<T>): boolean {
  return before === undefined || after === undefined || matters(before, after);
}

function keysOfChange<T>({ before, after }: Change<T>, keys: KeysOf<T>): ReadonlySet<Key> {
  return new Set([before, after].flatMap((object) => (object === undefined ? [] : keys(object))));
}

export const ownKey: KeysOf<KubeObject> = (object) => [keyOf(object)];

/** A child is seen by the object that controls it, where that is of the given kind. */
export function ownerKey(owner: ResourceType): KeysOf<KubeObject> {
  const controls = ({ controller, kind, apiVersion }: OwnerReference) => controller === true && kind === owner.kind && apiVersion === apiVersionOf(owner);
  return ({ metadata: { namespace, ownerReferences = [] } }) => ownerReferences.filter(controls).map(({ name }) => joinKey(owner.namespaced ? namespace : undefined, name));
}

/** The spec was changed, or the deletion has begun: who writes the status of what it watches is not woken by its own writes. Labels and annotations pass unseen. */
export const generationChanged: Predicate<KubeObject> = (before, after) => before.metadata.generation !== after.metadata.generation;
