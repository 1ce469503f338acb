import { beforeEach, describe, expect, it } from 'vitest';
import { Barrier, type WatchedStore } from './barrier.ts';
import { Store } from './store.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { CONFIGMAP, configMap, JOB } from './testing/objects.ts';
import type { Write } from './writes.ts';

let clock: ManualClock;
let store: Store;
let released: string[];

function barrier(watched: Partial<WatchedStore> = {}): Barrier {
  return new Barrier(clock, [{ type: CONFIGMAP, store, ...watched }], (key) => released.push(key));
}

const write = (more: Partial<Write> = {}): Write => ({ type: CONFIGMAP, key: 'ml/a', namespace: 'ml', labels: { app: 'x' }, resourceVersion: '7', uid: 'u', ...more });
const deletion = (more: Partial<Write> = {}): Write => write({ resourceVersion: undefined, labels: undefined, ...more });

beforeEach(() => {
  clock = new ManualClock();
  store = new Store();
  released = [];
});

describe('a key whose writes are not visible', () => {
  it('is held, and released by the event that shows them', () => {
    const held = barrier();
    held.expect('ml/owner', [write()]);
    expect(held.holds('ml/owner')).toBe(true);
    store.upsert(configMap('a', { uid: 'u', resourceVersion: '6' }));
    expect(released).toEqual([]);
    store.upsert(configMap('a', { uid: 'u', resourceVersion: '7' }));
    expect(released).toEqual(['ml/owner']);
    expect(held.holds('ml/owner')).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('waits for all of them', () => {
    const held = barrier();
    held.expect('ml/owner', [write(), write({ key: 'ml/b', resourceVersion: '8' })]);
    expect(held.holds('ml/owner')).toBe(true);
    store.upsert(configMap('a', { uid: 'u', resourceVersion: '7' }));
    expect(released).toEqual([]);
    store.upsert(configMap('b', { uid: 'u', resourceVersion: '8' }));
    expect(released).toEqual(['ml/owner']);
  });

  it('is held through an outage of the watch, but released after five minutes whatever happens', async () => {
    const held = barrier();
    held.expect('ml/owner', [write()]);
    expect(held.holds('ml/owner')).toBe(true);
    await clock.advance(299_999);
    expect(released).toEqual([]);
    await clock.advance(1);
    expect(released).toEqual(['ml/owner']);
    expect(held.holds('ml/owner')).toBe(false);
  });

  it('is not held when the five minutes were over before anyone asked', async () => {
    const held = barrier();
    held.expect('ml/owner', [write()]);
    await clock.advance(300_000);
    expect(held.holds('ml/owner')).toBe(false);
  });

  it('is not released where nobody waits for it', () => {
    const held = barrier();
    held.expect('ml/owner', [write()]);
    store.upsert(configMap('a', { uid: 'u', resourceVersion: '7' }));
    expect(released).toEqual([]);
    expect(held.holds('ml/owner')).toBe(false);
  });

  it('holds no other key', () => {
    const held = barrier();
    held.expect('ml/owner', [write()]);
    expect(held.holds('ml/other')).toBe(false);
  });

  it('is freed when the written object is deleted unseen', () => {
    store.upsert(configMap('a', { uid: 'u', resourceVersion: '6' }));
    const held = barrier();
    held.expect('ml/owner', [write()]);
    expect(held.holds('ml/owner')).toBe(true);
    store.advance(undefined, '9');
    store.remove(configMap('a', { uid: 'u', resourceVersion: '9' }));
    expect(released).toEqual(['ml/owner']);
  });
});

describe('which writes hold a key', () => {
  const present = configMap('a', { uid: 'u', resourceVersion: '6' });
  it.each([
    { name: 'one not seen yet', writes: [write()], watched: {}, holds: true },
    { name: 'a change that changed nothing', writes: [write({ resourceVersion: '6' })], watched: {}, holds: false },
    { name: 'of a kind nobody watches', writes: [write({ type: JOB })], watched: {}, holds: false },
    { name: 'outside the watched labels', writes: [write({ labels: { app: 'y' } })], watched: { labelSelector: 'app=x' }, holds: false },
    { name: 'inside the watched labels', writes: [write()], watched: { labelSelector: 'app=x' }, holds: true },
    { name: 'outside the watched namespaces', writes: [write()], watched: { namespaces: ['other'] }, holds: false },
    { name: 'a delete not seen yet', writes: [deletion()], watched: {}, holds: true },
    { name: 'a delete of another incarnation', writes: [deletion({ uid: 'old' })], watched: {}, holds: false },
    { name: 'a delete of what is unknown here', writes: [deletion({ key: 'ml/z' })], watched: { labelSelector: 'app=x' }, holds: false },
  ])('$name: $holds', ({ writes, watched, holds }) => {
    store.upsert(present);
    const held = barrier(watched);
    held.expect('ml/owner', writes);
    expect(held.holds('ml/owner')).toBe(holds);
    held.close();
  });

  it('takes a deletion that has begun for seen', () => {
    store.upsert(present);
    const held = barrier();
    held.expect('ml/owner', [deletion()]);
    expect(held.holds('ml/owner')).toBe(true);
    store.upsert(configMap('a', { uid: 'u', resourceVersion: '8', deletionTimestamp: 'now' }));
    expect(released).toEqual(['ml/owner']);
  });
});

it('leaves no timer behind when closed', () => {
  const held = barrier();
  held.expect('ml/owner', [write()]);
  held.holds('ml/owner');
  held.close();
  expect(clock.pendingTimers).toBe(0);
});
