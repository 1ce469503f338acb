import type { ResourceEvent } from '@dot-i/k8s-operator';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventReconcile, type EventReconcile } from './resource-events.ts';
import { Store } from './store.ts';
import { configMap } from './testing/objects.ts';

let store: Store;
let told: string[];
let failing: boolean;
let events: EventReconcile;

beforeEach(() => {
  store = new Store();
  told = [];
  failing = false;
  events = eventReconcile(store, 'configmaps', ({ type, meta }: ResourceEvent) => {
    if (failing) return Promise.reject(new Error('handler'));
    told.push(`${type} ${meta.id} ${meta.namespace ?? ''}/${meta.name}@${meta.resourceVersion}`);
    return Promise.resolve();
  });
});

const put = (resourceVersion: string, uid = 'u') => { store.upsert(configMap('a', { uid, resourceVersion })); };
const remove = (uid = 'u') => { store.remove(configMap('a', { uid, resourceVersion: '0' })); };
const reconcile = () => events.reconcile('ml/a');

describe('what is told', () => {
  it('is ADDED, MODIFIED and DELETED, with what the base class calls meta', async () => {
    put('1');
    await reconcile();
    put('2');
    await reconcile();
    remove();
    await reconcile();
    expect(told).toEqual(['ADDED configmaps.v1 ml/a@1', 'MODIFIED configmaps.v1 ml/a@2', 'DELETED configmaps.v1 ml/a@2']);
  });

  it('is the last state where several changes came at once', async () => {
    put('1');
    put('2');
    await reconcile();
    expect(told).toEqual(['ADDED configmaps.v1 ml/a@2']);
  });

  it('is the end of the old object before the new one of the same name', async () => {
    put('1');
    await reconcile();
    put('5', 'second');
    await reconcile();
    expect(told.slice(1)).toEqual(['DELETED configmaps.v1 ml/a@1', 'ADDED configmaps.v1 ml/a@5']);
  });

  it('is nothing of an object that came and went unseen', async () => {
    put('1');
    remove();
    await reconcile();
    expect(told).toEqual([]);
  });
});

describe('a handler that fails', () => {
  it('is told again, deletions too', async () => {
    put('1');
    failing = true;
    await expect(reconcile()).rejects.toThrow('handler');
    failing = false;
    await reconcile();
    remove();
    failing = true;
    await expect(reconcile()).rejects.toThrow('handler');
    failing = false;
    await reconcile();
    await reconcile();
    expect(told).toEqual(['ADDED configmaps.v1 ml/a@1', 'DELETED configmaps.v1 ml/a@1']);
  });
});

it('gives handlers a copy that they may change', async () => {
  put('1');
  const changing = eventReconcile(store, 'configmaps', ({ object }) => {
    object.metadata!.labels = { changed: 'yes' };
    return Promise.resolve();
  });
  await changing.reconcile('ml/a');
  expect(store.get('ml/a')?.metadata.labels).toBeUndefined();
});
