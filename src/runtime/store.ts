/**
 * The cache that a watch fills and everyone else reads: frozen objects by key, with indexes.
 *
 * Who reads may keep what it got: nothing is ever changed in place. Who writes is one reflector per namespace ("scope").
 */
import { asError } from './errors.ts';
import { isAtLeast, keyOf } from './keys.ts';
import { StringPool } from './string-pool.ts';
import type { Key, KubeObject, ObjectStore } from './types.ts';

export type ChangeType = 'Added' | 'Modified' | 'Deleted';

/** `before` is undefined for Added, `after` for Deleted. */
export interface Change<T> {
  readonly type: ChangeType;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

export type ChangeHandler<T> = (change: Change<T>) => void;
export type Index<T> = (object: T) => readonly string[];

export interface StoreOptions<T> {
  readonly indexes?: Readonly<Record<string, Index<T>>>;
  /** Drops what nobody reads before the object is kept; `withoutManagedFields` by default. */
  readonly strip?: (object: T) => T;
  /** A handler that throws loses this change but must not cost the other handlers theirs, nor stop the watch. Rethrown by default. */
  readonly onHandlerError?: (error: Error) => void;
}

/** Every object, or those of one namespace where a store is filled by one watch per namespace. */
export type Scope = string | undefined;

/** One for all stores: an owner and its children tell the same names. */
const pool = new StringPool();

export class Store<T extends KubeObject = KubeObject> implements ObjectStore<T> {
  readonly #objects = new Map<Key, T>();
  readonly #indexes = new Map<string, Map<string, Set<Key>>>();
  readonly #indexers: Readonly<Record<string, Index<T>>>;
  readonly #strip: (object: T) => T;
  readonly #handlers: ChangeHandler<T>[] = [];
  readonly #progress = new Map<Scope, string>();
  readonly #onHandlerError: (error: Error) => void;

  constructor(options: StoreOptions<T> = {}) {
    this.#indexers = options.indexes ?? {};
    this.#strip = options.strip ?? withoutManagedFields;
    this.#onHandlerError = options.onHandlerError ?? rethrow;
    for (const name of Object.keys(this.#indexers)) this.#indexes.set(name, new Map());
  }

  get(key: Key): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  byIndex(index: string, value: string): readonly T[] {
    const entries = this.#indexes.get(index);
    if (entries === undefined) throw new Error(`The store has no index "${index}"; declare it in the store's options.`);
    return [...(entries.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** A late handler is told of every present object as Added. */
  onChange(handler: ChangeHandler<T>): void {
    this.#handlers.push(handler);
    for (const after of this.list()) this.#notify(handler, { type: 'Added', before: undefined, after });
  }

  /** Has the watch shown everything up to that version, for this object? */
  hasSeen(key: Key, namespace: string | undefined, resourceVersion: string | undefined): boolean {
    const progress = this.#progress.get(namespace) ?? this.#progress.get(undefined);
    return isAtLeast(this.#objects.get(key)?.metadata.resourceVersion, resourceVersion) || isAtLeast(progress, resourceVersion);
  }

  /** What a bookmark, an event or a list says: the watch of that scope has come this far. */
  advance(scope: Scope, resourceVersion: string): void {
    this.#progress.set(scope, resourceVersion);
  }

  /** What it would keep of an object: stripped and frozen. Whoever gathers many before it hands them over holds no more of them than that. */
  trim(raw: T): T {
    if (Object.isFrozen(raw)) return raw;
    const kept = this.#strip(raw);
    return Object.isFrozen(kept) ? kept : deepFreeze(kept, pool);
  }

  /** The outcome of a list is the truth for its scope: what it lacks was deleted while nobody watched; what it shows may even be older (a restored etcd). */
  replace(items: readonly T[], scope: Scope): void {
    const present = new Set(items.map(keyOf));
    const gone = this.list().filter((object) => inScope(object, scope) && !present.has(keyOf(object)));
    for (const object of gone) this.remove(object);
    for (const object of items) this.#set(object, (held) => held !== object.metadata.resourceVersion);
  }

  /** An older version of what is held is dropped; another uid is another object, so the old one is reported as deleted. */
  upsert(raw: T): void {
    this.#set(raw, (held) => !isAtLeast(held, raw.metadata.resourceVersion));
  }

  /** A late report about an earlier object of that name must not remove its successor. */
  remove(object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before === undefined || before.metadata.uid !== object.metadata.uid) return;
    this.#objects.delete(key);
    this.#reindex(key, before, undefined);
    this.#tell({ type: 'Deleted', before, after: undefined });
  }

  #set(raw: T, isNews: (heldVersion: string | undefined) => boolean): void {
    const before = this.#objects.get(keyOf(raw));
    if (before === undefined || before.metadata.uid !== raw.metadata.uid) {
      if (before !== undefined) this.remove(before);
      this.#put(undefined, raw);
    } else if (isNews(before.metadata.resourceVersion)) this.#put(before, raw);
  }

  #put(before: T | undefined, raw: T): void {
    const key = keyOf(raw);
    const after = this.trim(raw);
    this.#objects.set(key, after);
    this.#reindex(key, before, after);
    this.#tell({ type: before === undefined ? 'Added' : 'Modified', before, after });
  }

  #reindex(key: Key, before: T | undefined, after: T | undefined): void {
    for (const [name, index] of Object.entries(this.#indexers)) {
      const entries = this.#indexes.get(name) ?? new Map<string, Set<Key>>();
      if (before !== undefined) for (const value of index(before)) dropEntry(entries, value, key);
      if (after !== undefined) for (const value of index(after)) entries.set(value, (entries.get(value) ?? new Set()).add(key));
    }
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) this.#notify(handler, change);
  }

  #notify(handler: ChangeHandler<T>, change: Change<T>): void {
    try {
      handler(change);
    } catch (thrown) {
      this.#onHandlerError(asError(thrown));
    }
  }
}

function rethrow(error: Error): never {
  throw error;
}

function inScope(object: KubeObject, scope: Scope): boolean {
  return scope === undefined || object.metadata.namespace === scope;
}

/** Empty sets are removed: values such as owner uids never come back, and would pile up for ever. */
function dropEntry(entries: Map<string, Set<Key>>, value: string, key: Key): void {
  const keys = entries.get(value);
  keys?.delete(key);
  if (keys?.size === 0) entries.delete(value);
}

/** managedFields are often half of an object, and only those who ask about field owners read them. */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields, ...metadata } = object.metadata;
  return managedFields === undefined ? object : { ...object, metadata };
}

export function keepEverything<T extends KubeObject>(object: T): T {
  return object;
}

function deepFreeze<T extends object>(value: T, pool: StringPool): T {
  for (const [name, part] of Object.entries(value) as [keyof T, unknown][]) {
    if (typeof part === 'string') value[name] = pool.share(part) as T[keyof T];
    else if (typeof part === 'object' && part !== null && !Object.isFrozen(part)) deepFreeze(part, pool);
  }
  return Object.freeze(value);
}
