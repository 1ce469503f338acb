import { describe, expect, it } from 'vitest';
import { source, type KeysOf } from './sources.ts';
import { Store } from './store.ts';
import type { KubeObject, ObjectMeta } from './types.ts';

function child(metadata: Partial<ObjectMeta>): KubeObject {
  return { apiVersion: 'v1', kind: 'Child', metadata: { name: 'c', namespace: 'ml', ...metadata } };
}

const byLabel: KeysOf<KubeObject> = ({ metadata }) => [`${metadata.namespace ?? ''}/${metadata.labels?.of ?? ''}`];

describe('source', () => {
  it('adds the keys of the old and the new object', () => {
    const store = new Store();
    const added: string[] = [];
    source(store, byLabel).attach((key) => added.push(key));
    store.upsert(child({ resourceVersion: '1', labels: { of: 'p' } }));
    store.upsert(child({ resourceVersion: '2', labels: { of: 'q' } }));
    expect(added).toEqual(['ml/p', 'ml/p', 'ml/q']);
  });

  it('lists the keys of everything present, each once', () => {
    const store = new Store();
    store.upsert(child({ name: 'a', labels: { of: 'p' } }));
    store.upsert(child({ name: 'b', labels: { of: 'p' } }));
    expect([...source(store, byLabel).keys()]).toEqual(['ml/p']);
  });
});
