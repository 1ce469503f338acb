import { describe, expect, it } from 'vitest';

import { inLists, jsonPatch, merged, mergePatch, reversed } from './patch.ts';

const containers = (limit: string, image = 'vllm') => ({ containers: [{ name: 'proxy', image: 'proxy' }, { name: 'main', image, limits: { gpu: limit } }] });
const wanted = { containers: [{ name: 'main', limits: { gpu: '2' } }] };

/** `strategic` only where it differs from `merge`. */
const rows = [
  { what: 'nothing', live: { a: 1, b: 2 }, wanted: { a: 1 }, json: [], merge: undefined, back: undefined },
  {
    what: 'a value', live: { a: { b: 1, c: 2 } }, wanted: { a: { b: 3 } },
    json: [{ op: 'test', path: '/a/b', value: 1 }, { op: 'replace', path: '/a/b', value: 3 }], merge: { a: { b: 3 } }, back: { a: { b: 1 } },
  },
  {
    what: 'a list of words, whole', live: { args: ['-tp', '4'] }, wanted: { args: ['-tp', '2'] },
    json: [{ op: 'test', path: '/args', value: ['-tp', '4'] }, { op: 'replace', path: '/args', value: ['-tp', '2'] }], merge: { args: ['-tp', '2'] }, back: { args: ['-tp', '4'] },
  },
  {
    what: 'a field that was not there, with all that is above it', live: { metadata: {} }, wanted: { metadata: { annotations: { 'x/y~z': '1' } } },
    json: [{ op: 'add', path: '/metadata/annotations', value: { 'x/y~z': '1' } }], merge: { metadata: { annotations: { 'x/y~z': '1' } } }, back: { metadata: { annotations: null } },
  },
  {
    what: 'a key with the signs of a path', live: { 'x/y~z': 1 }, wanted: { 'x/y~z': 2 },
    json: [{ op: 'test', path: '/x~1y~0z', value: 1 }, { op: 'replace', path: '/x~1y~0z', value: 2 }], merge: { 'x/y~z': 2 }, back: { 'x/y~z': 1 },
  },
  {
    what: 'a field that has to go', live: { a: 1 }, wanted: { a: null },
    json: [{ op: 'test', path: '/a', value: 1 }, { op: 'remove', path: '/a' }], merge: { a: null }, back: { a: 1 },
  },
  { what: 'a field that has gone', live: {}, wanted: { a: null }, json: [], merge: undefined, back: undefined },
  {
    what: 'one container of two', live: containers('4'), wanted,
    json: [{ op: 'test', path: '/containers/1/name', value: 'main' }, { op: 'test', path: '/containers/1/limits/gpu', value: '4' }, { op: 'replace', path: '/containers/1/limits/gpu', value: '2' }],
    merge: undefined, strategic: wanted, back: { containers: [{ name: 'main', limits: { gpu: '4' } }] },
  },
  { what: 'a container that has it already', live: containers('2'), wanted, json: [], merge: undefined, back: undefined },
];

describe.each(rows)('$what', ({ live, wanted: to, json, merge, strategic = merge, back }) => {
  it('as a JSON patch that tests what it changes', () => {
    expect(jsonPatch(live, to)).toEqual(json);
  });

  it('as a merge patch', () => {
    expect(mergePatch(live, to, 'Merge')).toEqual(merge);
    expect(mergePatch(live, to, 'Strategic')).toEqual(strategic);
  });

  it('and the way back', () => {
    const after = merged(live, to);
    expect(jsonPatch(after, to)).toEqual([]);
    expect(mergePatch(after, reversed(live, to), 'Strategic')).toEqual(back);
  });
});

it('a merge patch of a custom resource never says a list of containers: it would take their images along', () => {
  const operations = jsonPatch({ uri: 'a', ...containers('4') }, { uri: 'b', ...wanted });
  expect(mergePatch({ uri: 'a', ...containers('4') }, { uri: 'b', ...wanted }, 'Merge')).toEqual({ uri: 'b' });
  expect(inLists(operations).map(({ path }) => path)).toEqual(['/containers/1/name', '/containers/1/limits/gpu', '/containers/1/limits/gpu']);
});
