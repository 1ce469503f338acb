import { describe, expect, it } from 'vitest';
import { generationChanged, labelKey, ownerKey, ownKey, source } from './sources.ts';
import { Store } from './store.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from './types.ts';

const PRUNEJOB = { group: 'example.io', kind: 'Parent' };
const owner: OwnerReference = { apiVersion: 'example.io/v1', kind: 'Parent', name: 'p', uid: 'u', controller: true };

function child(metadata: Partial<ObjectMeta>): KubeObject {
  return { apiVersion: 'v1', kind: 'Child', metadata: { name: 'c', namespace: 'ml', ...metadata } };
}

describe('ownerKey', () => {
  it.each([
    { name: 'the controlling owner', references: [owner], expected: ['ml/p'] },
    { name: 'another version of its group', references: [{ ...owner, apiVersion: 'example.io/v2' }], expected: ['ml/p'] },
    { name: 'an owner that does not control', references: [{ ...owner, controller: false }], expected: [] },
    { name: 'another kind', references: [{ ...owner, kind: 'Other' }], expected: [] },
    { name: 'the same kind of another group', references: [{ ...owner, apiVersion: 'else.io/v1' }], expected: [] },
    { name: 'no owner', references: undefined, expected: [] },
  ])('$name: $expected', ({ references, expected }) => {
    const object = child(references === undefined ? {} : { ownerReferences: references });
    expect(ownerKey(PRUNEJOB)(object)).toEqual(expected);
  });

  it('finds an owner in the core group', () => {
    const object = child({ ownerReferences: [{ ...owner, apiVersion: 'v1' }] });
    expect(ownerKey({ group: '', kind: 'Parent' })(object)).toEqual(['ml/p']);
  });
});

describe('labelKey', () => {
  it.each([
    { labels: { of: 'p' }, expected: ['ml/p'] },
    { labels: { other: 'p' }, expected: [] },
  ])('$labels: $expected', ({ labels, expected }) => {
    expect(labelKey('of')(child({ labels }))).toEqual(expected);
  });
});

describe('generationChanged', () => {
  const old = child({ generation: 1 });
  it.each([
    { name: 'added', before: undefined, after: old, expected: true },
    { name: 'deleted', before: old, after: undefined, expected: true },
    { name: 'status alone', before: old, after: child({ generation: 1, resourceVersion: '2' }), expected: false },
    { name: 'spec', before: old, after: child({ generation: 2 }), expected: true },
    { name: 'deletion requested', before: old, after: child({ generation: 1, deletionTimestamp: 'now' }), expected: true },
  ])('$name: $expected', ({ before, after, expected }) => {
    expect(generationChanged({ type: 'Modified', before, after })).toBe(expected);
  });
});

describe('source', () => {
  it('adds the keys of the old and the new object', () => {
    const store = new Store();
    const added: string[] = [];
    source(store, labelKey('of')).attach((key) => added.push(key));
    store.upsert(child({ resourceVersion: '1', labels: { of: 'p' } }));
    store.upsert(child({ resourceVersion: '2', labels: { of: 'q' } }));
    expect(added).toEqual(['ml/p', 'ml/p', 'ml/q']);
  });

  it('leaves out what the predicate refuses', () => {
    const store = new Store();
    const added: string[] = [];
    source(store, ownKey, ({ type }) => type === 'Deleted').attach((key) => added.push(key));
    store.upsert(child({}));
    store.remove(child({}));
    expect(added).toEqual(['ml/c']);
  });

  it('lists the keys of everything present, each once', () => {
    const store = new Store();
    store.upsert(child({ name: 'a', labels: { of: 'p' } }));
    store.upsert(child({ name: 'b', labels: { of: 'p' } }));
    expect([...source(store, labelKey('of')).keys()]).toEqual(['ml/p']);
  });
});
