/**
 * The event style of `@dot-i/k8s-operator` (one callback per ADDED, MODIFIED, DELETED) on a level-triggered controller:
 * several changes may become one event, none is lost, and a callback that fails is called again.
 */
import dotI, { type ResourceEvent } from '@dot-i/k8s-operator';
import { ownKey, source, type Source } from './sources.ts';
import type { Store } from './store.ts';
import type { Key, KubeObject, Reconcile } from './types.ts';

const { ResourceEventType, ResourceMetaImpl } = dotI;

export type OnEvent = (event: ResourceEvent) => Promise<void>;

export interface EventReconcile {
  readonly reconcile: Reconcile;
  readonly sources: readonly Source[];
}

export function eventReconcile(store: Store, plural: string, onEvent: OnEvent): EventReconcile {
  const deleted = new Map<Key, KubeObject>();
  const told = new Map<Key, string | undefined>();
  store.onChange(({ before, after }) => {
    if (before !== undefined && after === undefined) for (const key of ownKey(before)) deleted.set(key, before);
  });
  const tell = (type: ResourceEvent['type'], object: KubeObject): Promise<void> => onEvent(resourceEvent(plural, type, object));
  const reconcile = async (key: Key): Promise<object> => {
    const gone = deleted.get(key);
    if (gone !== undefined) {
      if (told.has(key)) await tell(ResourceEventType.Deleted, gone);
      deleted.delete(key);
      told.delete(key);
    }
    const present = store.get(key);
    if (present === undefined) return {};
    await tell(told.has(key) ? ResourceEventType.Modified : ResourceEventType.Added, present);
    told.set(key, present.metadata.uid);
    return {};
  };
  return { reconcile, sources: [source(store, ownKey)] };
}

/** A copy, because handlers of this style change what they are given, and the store's objects are frozen. */
function resourceEvent(plural: string, type: ResourceEvent['type'], object: KubeObject): ResourceEvent {
  const copy = structuredClone(object) as unknown as ResourceEvent['object'];
  return { meta: ResourceMetaImpl.createWithPlural(plural, copy), type, object: copy };
}
