/**
 * Remembers what a reconcile wrote, without the reconcile having to say so: the client is wrapped, and the running reconcile is found by its async context.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { keyOf, joinKey } from './keys.ts';
import type { DeleteOptions, Key, KubeObject, ObjectRef, ResourceType, WatchingClient } from './types.ts';

export interface Write {
  readonly type: ResourceType;
  readonly key: Key;
  readonly namespace: string | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** Undefined for a delete. */
  readonly resourceVersion: string | undefined;
  readonly uid: string | undefined;
}

const current = new AsyncLocalStorage<Write[]>();

/** Runs `reconcile` and tells what it wrote, also when it failed half-way: that is when it matters most. */
export async function withWrites<T>(reconcile: () => Promise<T>, tell: (writes: readonly Write[]) => void): Promise<T> {
  const writes: Write[] = [];
  try {
    return await current.run(writes, reconcile);
  } finally {
    tell(writes);
  }
}

export interface TrackingOptions {
  readonly client: WatchingClient;
  /** Asked before each write; throws where this process must not write any more. */
  readonly mayWrite: () => void;
}

/** The client that reconciles get. Reads pass as they are. */
export function trackingClient({ client, mayWrite }: TrackingOptions): WatchingClient {
  const written = async <T extends KubeObject>(type: ResourceType, write: () => Promise<T>): Promise<T> => {
    mayWrite();
    const object = await write();
    note({ type, key: keyOf(object), ...aboutObject(object) });
    return object;
  };
  return {
    get: (ref) => client.get(ref),
    list: (type, options) => client.list(type, options),
    watch: (type, options) => client.watch(type, options),
    create: (type, object, options) => written(type, () => client.create(type, object, options)),
    apply: (type, object) => written(type, () => client.apply(type, object)),
    applyStatus: (type, object) => written(type, () => client.applyStatus(type, object)),
    jsonPatch: (ref, operations) => written(ref.type, () => client.jsonPatch(ref, operations)),
    delete: async (ref, options) => {
      mayWrite();
      await client.delete(ref, options);
      note(deletion(ref, options));
    },
  };
}

function aboutObject({ metadata: { namespace, labels, resourceVersion, uid } }: KubeObject) {
  return { namespace, labels, resourceVersion, uid };
}

function deletion({ type, namespace, name }: ObjectRef, { uid }: DeleteOptions = {}): Write {
  return { type, key: joinKey(namespace, name), namespace, labels: undefined, resourceVersion: undefined, uid };
}

function note(write: Write): void {
  current.getStore()?.push(write);
}
