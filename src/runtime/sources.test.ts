import { describe, expect, it } from 'vitest';
import { generationChanged, ownerKey, source, type KeysOf } from './sources.ts';
import { Store } from './store.ts';
import { JOB, NODE } from './testing/objects.ts';
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

describe('a predicate', () => {
  it.each([
    { what: 'a status that changed', versions: [{ generation: 1 }, { generation: 1 }], added: 1 },
    { what: 'a spec that changed', versions: [{ generation: 1 }, { generation: 2 }], added: 2 },
  ])('by generation: $what wakes $added times', ({ versions, added }) => {
    const store = new Store();
    const keys: string[] = [];
    source(store, () => ['k'], generationChanged).attach((key) => keys.push(key));
    for (const [index, version] of versions.entries()) store.upsert(child({ ...version, resourceVersion: `${index + 1}` }));
    expect(keys).toHaveLength(added);
  });

  it('never hides what comes or goes', () => {
    const store = new Store();
    const keys: string[] = [];
    source(store, () => ['k'], () => false).attach((key) => keys.push(key));
    store.upsert(child({ resourceVersion: '1' }));
    store.remove(child({ resourceVersion: '2' }));
    expect(keys).toEqual(['k', 'k']);
  });
});

describe('ownerKey', () => {
  const job = { apiVersion: 'batch/v1', kind: 'Job', name: 'j', uid: 'u', controller: true };
  const node = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u', controller: true };
  it.each([
    { what: 'its controller', of: JOB, owners: [job], keys: ['ml/j'] },
    { what: 'its controller without a namespace', of: NODE, owners: [node], keys: ['n'] },
    { what: 'nobody where there is no owner', of: JOB, owners: undefined, keys: [] },
    { what: 'nobody where the owner does not control it', of: JOB, owners: [{ ...job, controller: false }], keys: [] },
    { what: 'nobody where the owner is of another kind', of: JOB, owners: [node], keys: [] },
    { what: 'nobody where the kind is of another group', of: JOB, owners: [{ ...job, apiVersion: 'batch.volcano.sh/v1alpha1' }], keys: [] },
  ])('is $what', ({ of, owners, keys }) => {
    expect(ownerKey(of)(child(owners === undefined ? {} : { ownerReferences: owners }))).toEqual(keys);
  });
});
