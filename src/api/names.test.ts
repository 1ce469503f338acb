import { describe, expect, it } from 'vitest';

import { childLabels, childName, labelValue, scratchName, volumeName, type Stage } from './names.ts';

const long = 'm'.repeat(253);
const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const labelPattern = /^[a-z0-9A-Z]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$/;

describe('childName', () => {
  it.each<[string, Stage, number, string]>([
    ['mixtral', 'inspect', 1, 'mixtral-inspect-1'],
    ['mixtral', 'prune', 12, 'mixtral-prune-12'],
    ['m'.repeat(55), 'prune', 1, `${'m'.repeat(55)}-prune-1`],
  ])('%s %s %i is %s', (name, stage, attempt, expected) => {
    expect(childName(name, stage, attempt)).toBe(expected);
  });

  it.each([
    ['the longest name', long],
    ['one character too many', 'm'.repeat(56)],
    ['dots', 'llama.4.scout'],
    ['a cut between dashes', `${'m'.repeat(43)}--${'x'.repeat(50)}`],
  ])('makes a DNS label that never changes of %s', (_, name) => {
    const child = childName(name, 'prune', 1);
    expect(child).toMatch(dnsLabel);
    expect(child).toMatch(/-prune-1$/);
    expect(childName(name, 'prune', 1)).toBe(child);
  });

  it('pins the hash: a release that changed it would start finished runs again', () => {
    expect(childName('llama.4', 'prune', 1)).toBe('llama-4-1ecbb0e5d4-prune-1');
  });

  it.each([
    ['differ after the cut', `${long.slice(1)}a`, `${long.slice(1)}b`],
    ['differ in a dot', 'a.b', 'a-b'],
  ])('tells names apart that %s', (_, one, other) => {
    expect(childName(one, 'prune', 1)).not.toBe(childName(other, 'prune', 1));
  });
});

describe('scratchName', () => {
  it.each([
    ['mixtral', 'mixtral-scratch'],
    ['llama.4', 'llama-4-1ecbb0e5d4-scratch'],
  ])('%s has %s', (name, expected) => {
    expect(scratchName(name)).toBe(expected);
  });

  it('fits and tells apart the longest names', () => {
    expect(scratchName(long)).toMatch(dnsLabel);
    expect(scratchName(`${long.slice(1)}a`)).not.toBe(scratchName(`${long.slice(1)}b`));
  });
});

describe('volumeName', () => {
  it.each([
    { one: 'models.v1', other: 'models-v1' },
    { one: `${'m'.repeat(60)}-a`, other: `${'m'.repeat(60)}-b` },
  ])('keeps $one and $other apart, and both are DNS labels', ({ one, other }) => {
    expect(volumeName(one)).not.toBe(volumeName(other));
    for (const claim of [one, other]) expect(volumeName(claim)).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  });
});

describe('labelValue', () => {
  it.each(['mixtral', 'llama.4', 'm'.repeat(63)])('keeps a name that fits: %s', (name) => {
    expect(labelValue(name)).toBe(name);
  });

  it.each([
    ['the longest name', long],
    ['a cut at a dot', `${'m'.repeat(52)}.${'x'.repeat(50)}`],
  ])('shortens %s', (_, name) => {
    expect(labelValue(name)).toMatch(labelPattern);
    expect(labelValue(`${name}x`)).not.toBe(labelValue(name));
  });
});

it('labels a child with where it belongs', () => {
  expect(childLabels({ name: 'mixtral', uid: 'u-1' }, 'prune', 2)).toEqual({
    'stun-operator.io/prunejob': 'mixtral',
    'stun-operator.io/prunejob-uid': 'u-1',
    'stun-operator.io/stage': 'prune',
    'stun-operator.io/attempt': '2',
    'app.kubernetes.io/managed-by': 'stun-operator',
  });
});
