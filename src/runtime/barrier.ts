/**
 * The consistency barrier: after a reconcile has written, its key waits until the caches show those writes.
 *
 * Without it the next reconcile may decide from the state before its own writes, and do them twice. A watch that is down or late may take
 * minutes to show them, and to decide meanwhile is to decide from what is known to be wrong; so a key is held for as long as a watch that
 * works at all can take. The limit is for writes that no watch will ever show: their kind was uninstalled, or the server's history rewound.
 */
import type { Clock } from './clock.ts';
import { joinKey, typeId } from './keys.ts';
import { selects } from './labels.ts';
import type { Store } from './store.ts';
import type { Key, KubeObject, ResourceType } from './types.ts';
import type { Write } from './writes.ts';

/** A store with what its watch was asked for, so that one knows which writes it can ever show. */
export interface WatchedStore {
  readonly type: ResourceType;
  readonly store: Store;
  readonly labelSelector?: string;
  readonly namespaces?: readonly string[];
}

interface Expected {
  readonly store: Store;
  readonly write: Write;
}

interface Pending {
  expected: readonly Expected[];
  readonly deadline: number;
  /** Set while someone waits for the key. */
  cancelTimer?: () => void;
}

/** Longer than the reflector bears silence before it lists anew, and its longest pause before it tries again. */
const PATIENCE_MS = 300_000;

export class Barrier {
  readonly #clock: Clock;
  readonly #stores: readonly WatchedStore[];
  readonly #release: (key: Key) => void;
  readonly #pending = new Map<Key, Pending>();
  /** Which keys look out for an object, by its type and key. */
  readonly #waiters = new Map<string, Set<Key>>();

  constructor(clock: Clock, stores: readonly WatchedStore[], release: (key: Key) => void) {
    this.#clock = clock;
    this.#stores = stores;
    this.#release = release;
    for (const { type, store } of stores) store.onChange(({ before, after }) => { this.#look(type, (after ?? before)?.metadata); });
  }

  /** From now on the key is held until these writes are visible. */
  expect(key: Key, writes: readonly Write[]): void {
    const expected = writes.flatMap((write) => this.#storesShowing(write).map((store) => ({ store, write }))).filter(isMissing);
    if (expected.length === 0) return;
    this.#pending.set(key, { expected, deadline: this.#clock.elapsedMs() + PATIENCE_MS });
    for (const { write } of expected) this.#waitersOf(write.type, write.key).add(key);
  }

  /** True: do not reconcile now; `release` is called when the time has come. */
  holds(key: Key): boolean {
    const pending = this.#pending.get(key);
    if (pending === undefined) return false;
    const remaining = pending.deadline - this.#clock.elapsedMs();
    if (remaining <= 0 || !pending.expected.some(isMissing)) {
      this.#forget(key, pending);
      return false;
    }
    pending.cancelTimer ??= this.#clock.after(remaining, () => { this.#free(key, pending); });
    return true;
  }

  /** No timer stays behind. */
  close(): void {
    for (const { cancelTimer } of this.#pending.values()) cancelTimer?.();
    this.#pending.clear();
    this.#waiters.clear();
  }

  #look(type: ResourceType, metadata: KubeObject['metadata'] | undefined): void {
    if (metadata === undefined) return;
    const objectKey = joinKey(metadata.namespace, metadata.name);
    for (const key of [...(this.#waiters.get(waiterId(type, objectKey)) ?? [])]) this.#recheck(key);
  }

  #recheck(key: Key): void {
    const pending = this.#pending.get(key);
    if (pending !== undefined && !pending.expected.some(isMissing)) this.#free(key, pending);
  }

  #free(key: Key, pending: Pending): void {
    this.#forget(key, pending);
    if (pending.cancelTimer !== undefined) this.#release(key);
  }

  #forget(key: Key, { expected, cancelTimer }: Pending): void {
    cancelTimer?.();
    this.#pending.delete(key);
    for (const { write } of expected) {
      const id = waiterId(write.type, write.key);
      this.#waiters.get(id)?.delete(key);
      if (this.#waiters.get(id)?.size === 0) this.#waiters.delete(id);
    }
  }

  #waitersOf(type: ResourceType, objectKey: Key): Set<Key> {
    const id = waiterId(type, objectKey);
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters);
    return waiters;
  }

  /** A deletion says nothing about labels; a store that never held the object is satisfied by it anyway. */
  #storesShowing(write: Write): Store[] {
    return this.#stores
      .filter(({ type }) => typeId(type) === typeId(write.type))
      .filter(({ namespaces = [] }) => namespaces.length === 0 || write.namespace === undefined || namespaces.includes(write.namespace))
      .filter(({ labelSelector }) => write.resourceVersion === undefined || selects(labelSelector, write.labels))
      .map(({ store }) => store);
  }
}

function waiterId(type: ResourceType, objectKey: Key): string {
  return `${typeId(type)} ${objectKey}`;
}

function isMissing({ store, write }: Expected): boolean {
  const shown = store.get(write.key);
  if (write.resourceVersion !== undefined) return !store.hasSeen(write.key, write.namespace, write.resourceVersion);
  const sameObject = shown !== undefined && (write.uid === undefined || shown.metadata.uid === write.uid);
  return sameObject && shown.metadata.deletionTimestamp === undefined;
}
