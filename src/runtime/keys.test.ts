import { describe, expect, it } from 'vitest';
import { apiVersionOf, isAtLeast, joinKey, keyOf, splitKey } from './keys.ts';

describe('keys', () => {
  it.each([
    { namespace: 'ml', name: 'a', key: 'ml/a' },
    { namespace: undefined, name: 'node-1', key: 'node-1' },
  ])('$key', ({ namespace, name, key }) => {
    const metadata = namespace === undefined ? { name } : { namespace, name };
    expect(keyOf({ apiVersion: 'v1', kind: 'X', metadata })).toBe(key);
    expect(joinKey(namespace, name)).toBe(key);
    expect(splitKey(key)).toEqual(metadata);
  });
});

describe('apiVersionOf', () => {
  it.each([
    { group: '', version: 'v1', expected: 'v1' },
    { group: 'batch', version: 'v1', expected: 'batch/v1' },
  ])('$expected', ({ group, version, expected }) => {
    expect(apiVersionOf({ group, version, plural: 'x', kind: 'X', namespaced: true })).toBe(expected);
  });
});

describe('isAtLeast', () => {
  it.each([
    { version: '10', other: '9', expected: true },
    { version: '9', other: '10', expected: false },
    { version: '10', other: '10', expected: true },
    { version: '9007199254740993', other: '9007199254740992', expected: true },
    { version: '9007199254740992', other: '9007199254740993', expected: false },
    { version: undefined, other: '1', expected: false },
  ])('$version >= $other: $expected', ({ version, other, expected }) => {
    expect(isAtLeast(version, other)).toBe(expected);
  });
});
