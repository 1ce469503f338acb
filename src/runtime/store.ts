import type { Key, KubeObject, ObjectStore } from './types.ts';
export type ChangeType = 'Added' | 'Modified' | 'Deleted';
/** `before` is undefined for Added, `after` for Deleted. */
export interface Change<T> { readonly type: ChangeType; readonly before: T | undefined; readonly after: T | undefined }
export type Index<T> = (object: T) => readonly string[];
export interface StoreOptions<T> {
  readonly indexes?: Readonly<Record<string, Index<T>>>;
  /** Drops what nobody reads before the object is kept (`withoutManagedFields` by default). */
  readonly strip?: (object: T) => T;
}
export declare class Store<T extends KubeObject = KubeObject> implements ObjectStore<T> {
  constructor(options?: StoreOptions<T>);
  get(key: Key): T | undefined;
  list(): readonly T[];
  byIndex(index: string, value: string): readonly T[];
  /** A late handler is told of every present object as Added. */
  onChange(handler: (change: Change<T>) => void): void;
}
export declare function keyOf(object: KubeObject): Key;
export declare function splitKey(key: Key): { readonly namespace?: string; readonly name: string };
export declare function withoutManagedFields<T extends KubeObject>(object: T): T;
export declare function keepEverything<T extends KubeObject>(object: T): T;
