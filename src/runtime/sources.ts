import type { Change, Store } from './store.ts';
import type { Key, KubeObject } from './types.ts';
export type KeysOf<T> = (object: T) => readonly Key[];
export type Predicate<T> = (change: Change<T>) => boolean;
/** What makes a controller look at a key: changes in one store, mapped to keys. */
export interface Source { readonly attach: (add: (key: Key) => void) => void; readonly keys: () => Iterable<Key> }
/** Keys of both the old and the new object are added, so that a child that changes its owner is seen by both. */
export declare function source<T extends KubeObject>(store: Store<T>, keys: KeysOf<T>, when?: Predicate<T>): Source;
export declare const ownKey: KeysOf<KubeObject>;
/** The controlling owner of that kind, in the object's own namespace. */
export declare function ownerKey(owner: { readonly group: string; readonly kind: string }): KeysOf<KubeObject>;
/** `namespace/<label value>`. */
export declare function labelKey(label: string): KeysOf<KubeObject>;
/** Not for status-only updates; added, deleted and deletion-requested always pass. */
export declare const generationChanged: Predicate<KubeObject>;
