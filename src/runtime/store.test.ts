import { beforeEach, describe, expect, it } from 'vitest';
import { keepEverything, Store, type Change } from './store.ts';
import type { KubeObject } from './types.ts';

interface Thing extends KubeObject {
  readonly spec?: { readonly color: string };
}

function thing(name: string, resourceVersion: string, more: { uid?: string; namespace?: string; color?: string } = {}): Thing {
  const { uid = `uid-${name}`, namespace = 'ml', color = 'red' } = more;
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name, namespace, uid, resourceVersion }, spec: { color } };
}

const told = (changes: Change<Thing>[]) =>
  changes.map(({ type, before, after }) => `${type} ${(after ?? before)?.metadata.uid ?? ''}@${(after ?? before)?.metadata.resourceVersion ?? ''}`);

let store: Store<Thing>;
let changes: Change<Thing>[];

beforeEach(() => {
  store = new Store<Thing>({ indexes: { color: (object) => [object.spec?.color ?? 'none'] } });
  changes = [];
  store.onChange((change) => changes.push(change));
});

describe('what a store tells its handlers', () => {
  it.each([
    { name: 'an unknown object', events: [thing('a', '1')], expected: ['Added uid-a@1'] },
    { name: 'a newer version', events: [thing('a', '9'), thing('a', '10')], expected: ['Added uid-a@9', 'Modified uid-a@10'] },
    { name: 'the same version again', events: [thing('a', '1'), thing('a', '1')], expected: ['Added uid-a@1'] },
    { name: 'an older version', events: [thing('a', '10'), thing('a', '9')], expected: ['Added uid-a@10'] },
    {
      name: 'a re-created object',
      events: [thing('a', '1'), thing('a', '5', { uid: 'second' })],
      expected: ['Added uid-a@1', 'Deleted uid-a@1', 'Added second@5'],
    },
  ])('$name', ({ events, expected }) => {
    for (const event of events) store.upsert(event);
    expect(told(changes)).toEqual(expected);
  });

  it('gives a change its before and after', () => {
    store.upsert(thing('a', '1', { color: 'red' }));
    store.upsert(thing('a', '2', { color: 'blue' }));
    expect(changes[1]).toMatchObject({ before: { spec: { color: 'red' } }, after: { spec: { color: 'blue' } } });
  });

  it('replays everything present to a late handler', () => {
    store.upsert(thing('a', '1'));
    const late: Change<Thing>[] = [];
    store.onChange((change) => late.push(change));
    expect(told(late)).toEqual(['Added uid-a@1']);
  });
});

describe('what is trimmed before it is handed over', () => {
  it('is stripped and frozen once, and kept as it is', () => {
    const object = thing('a', '1');
    const trimmed = store.trim({ ...object, metadata: { ...object.metadata, managedFields: [{ manager: 'kubectl' }] } });
    expect([trimmed, Object.isFrozen(trimmed.metadata)]).toEqual([object, true]);
    store.replace([trimmed], undefined);
    expect(store.get('ml/a')).toBe(trimmed);
  });
});

describe('a handler that throws', () => {
  it('is reported, and costs the other handlers nothing', () => {
    const errors: string[] = [];
    const guarded = new Store<Thing>({ onHandlerError: ({ message }) => errors.push(message) });
    const seen: Change<Thing>[] = [];
    guarded.onChange(() => { throw new Error('bug'); });
    guarded.onChange((change) => seen.push(change));
    guarded.upsert(thing('a', '1'));
    guarded.onChange(() => { throw new Error('late bug'); });
    expect({ errors, seen: told(seen) }).toEqual({ errors: ['bug', 'late bug'], seen: ['Added uid-a@1'] });
  });
});

describe('remove', () => {
  it('reports what was there', () => {
    store.upsert(thing('a', '1'));
    store.remove(thing('a', '2'));
    expect(told(changes)).toEqual(['Added uid-a@1', 'Deleted uid-a@1']);
    expect(store.get('ml/a')).toBeUndefined();
  });

  it('leaves the successor of a re-created object alone', () => {
    store.upsert(thing('a', '5', { uid: 'second' }));
    store.remove(thing('a', '6', { uid: 'first' }));
    expect(store.get('ml/a')?.metadata.uid).toBe('second');
  });
});

describe('replace', () => {
  it('delivers what was deleted, changed and created in the gap, and nothing else', () => {
    for (const name of ['gone', 'same', 'changed']) store.upsert(thing(name, '1'));
    changes.length = 0;
    store.replace([thing('same', '1'), thing('changed', '7'), thing('new', '8')], undefined);
    expect(told(changes)).toEqual(['Deleted uid-gone@1', 'Modified uid-changed@7', 'Added uid-new@8']);
  });

  it('believes the list even where it is older', () => {
    store.upsert(thing('a', '9'));
    store.replace([thing('a', '4')], undefined);
    expect(store.get('ml/a')?.metadata.resourceVersion).toBe('4');
  });

  it('touches only its own namespace where there is a scope', () => {
    store.upsert(thing('a', '1', { namespace: 'other' }));
    store.upsert(thing('b', '1'));
    store.replace([], 'ml');
    expect(store.list().map(({ metadata }) => metadata.name)).toEqual(['a']);
  });
});

describe('byIndex', () => {
  it('follows changes and deletions', () => {
    store.upsert(thing('a', '1', { color: 'red' }));
    store.upsert(thing('b', '2', { color: 'red' }));
    store.upsert(thing('a', '3', { color: 'blue' }));
    store.remove(thing('b', '4'));
    expect(store.byIndex('color', 'red')).toEqual([]);
    expect(store.byIndex('color', 'blue').map(({ metadata }) => metadata.name)).toEqual(['a']);
  });

  it('names an index that was never declared', () => {
    expect(() => store.byIndex('size', '1')).toThrow('no index "size"');
  });
});

describe('what is kept', () => {
  it('is frozen all the way down', () => {
    store.upsert(thing('a', '1'));
    const kept = store.get('ml/a') as { spec: { color: string } };
    expect(() => { kept.spec.color = 'green'; }).toThrow(TypeError);
  });

  it.each([
    { strip: undefined, expected: undefined },
    { strip: keepEverything<Thing>, expected: [{ manager: 'kubectl' }] },
  ])('has managedFields $expected with strip $strip', ({ strip, expected }) => {
    const stripped = new Store<Thing>(strip === undefined ? {} : { strip });
    const object = thing('a', '1');
    stripped.upsert({ ...object, metadata: { ...object.metadata, managedFields: [{ manager: 'kubectl' }] } });
    expect(stripped.get('ml/a')?.metadata.managedFields).toEqual(expected);
  });
});

describe('hasSeen', () => {
  it.each([
    { name: 'the object itself is new enough', object: '7', progress: [], version: '7', expected: true },
    { name: 'only an older object is there', object: '6', progress: [], version: '7', expected: false },
    { name: 'the watch has come further', object: undefined, progress: [[undefined, '9']], version: '7', expected: true },
    { name: 'the watch of that namespace has come further', object: undefined, progress: [['ml', '9']], version: '7', expected: true },
    { name: 'only another namespace has', object: undefined, progress: [['other', '9']], version: '7', expected: false },
  ] as const)('$name: $expected', ({ object, progress, version, expected }) => {
    if (object !== undefined) store.upsert(thing('a', object));
    for (const [scope, at] of progress) store.advance(scope, at);
    expect(store.hasSeen('ml/a', 'ml', version)).toBe(expected);
  });
});
