/**
 * From a change to the keys that must be looked at: pure functions, put together where a controller is declared.
 */
import { joinKey, keyOf } from './keys.ts';
import type { Change, Store } from './store.ts';
import type { Key, KubeObject } from './types.ts';

export type KeysOf<T> = (object: T) => readonly Key[];
export type Predicate<T> = (change: Change<T>) => boolean;

/** What makes a controller look at a key: changes in one store, mapped to keys. */
export interface Source {
  readonly attach: (add: (key: Key) => void) => void;
  /** The keys of everything present, for the periodic second look. */
  readonly keys: () => Iterable<Key>;
}

/** Keys of both the old and the new object are added, so that a child that changes its owner is seen by both. */
export function source<T extends KubeObject>(store: Store<T>, keys: KeysOf<T>, when: Predicate<T> = () => true): Source {
  return {
    attach: (add) => {
      store.onChange((change) => {
        if (when(change)) for (const key of keysOfChange(change, keys)) add(key);
      });
    },
    keys: () => new Set(store.list().flatMap((object) => keys(object))),
  };
}

function keysOfChange<T>({ before, after }: Change<T>, keys: KeysOf<T>): ReadonlySet<Key> {
  return new Set([before, after].flatMap((object) => (object === undefined ? [] : keys(object))));
}

export const ownKey: KeysOf<KubeObject> = (object) => [keyOf(object)];

/** The controlling owner of that kind, in the object's own namespace. Any version of the owner's group counts. */
export function ownerKey(owner: { readonly group: string; readonly kind: string }): KeysOf<KubeObject> {
  return ({ metadata }) => {
    const controller = metadata.ownerReferences?.find((reference) => reference.controller === true);
    const matches = controller?.kind === owner.kind && groupOf(controller.apiVersion) === owner.group;
    return matches ? [joinKey(metadata.namespace, controller.name)] : [];
  };
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** `namespace/<label value>`, for children that no owner reference can reach. */
export function labelKey(label: string): KeysOf<KubeObject> {
  return ({ metadata }) => {
    const name = metadata.labels?.[label];
    return name === undefined ? [] : [joinKey(metadata.namespace, name)];
  };
}

/** Drops updates of status alone. Added, deleted and the request to delete always pass: the last one changes no generation everywhere. */
export const generationChanged: Predicate<KubeObject> = ({ before, after }) =>
  before === undefined ||
  after === undefined ||
  before.metadata.generation !== after.metadata.generation ||
  before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp;
