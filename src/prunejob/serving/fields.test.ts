import { describe, expect, it } from 'vitest';

import type { ServiceFields } from './adapter.ts';
import { isRestored, restoredFields, returningFields, sameFields, sameModel } from './fields.ts';

const previous: ServiceFields = { modelUri: 'dense', args: ['-tp=4'], gpuLimit: 4 };
const target: ServiceFields = { modelUri: 'pruned', args: ['-tp=2'], gpuLimit: 2, gpuRequest: 2, deploymentStrategy: { type: 'Recreate' } };

describe('fields are the same', () => {
  it('whatever the order of their keys', () => {
    const one = { ...target, deploymentStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };
    const other = { ...target, deploymentStrategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }, type: 'RollingUpdate' } };
    expect(sameFields(one, other)).toBe(true);
  });

  it('as a model, however pods are replaced', () => {
    expect(sameModel(target, { ...target, deploymentStrategy: { type: 'RollingUpdate' } })).toBe(true);
    expect(sameModel(target, { ...target, args: ['-tp=1'] })).toBe(false);
  });
});

describe('putting back', () => {
  const { deploymentStrategy } = target;

  it.each([
    { name: 'everything', current: target, done: false, restored: previous },
    { name: 'nothing more', current: previous, done: true, restored: previous },
    { name: 'a model whole, also where a part of it is a third value', current: { ...target, args: ['-tp=1'] }, done: false, restored: previous },
    { name: 'what another manager has not put back itself', current: { ...target, modelUri: 'dense' }, done: false, restored: previous },
    { name: 'no receipt of somebody else', current: { ...previous, receipt: 'theirs' }, done: true, restored: previous },
  ])('writes $name', ({ current, done, restored }) => {
    expect(isRestored(previous, target, current)).toBe(done);
    expect(restoredFields(previous, target, current)).toEqual(restored);
  });

  it.each([
    { whose: 'the rollout\'s', current: target, returning: { ...previous, deploymentStrategy } },
    { whose: 'somebody else\'s', current: { ...target, deploymentStrategy: { type: 'RollingUpdate' } }, returning: previous },
  ])('keeps $whose way of replacing pods until they are', ({ current, returning }) => {
    expect(returningFields(previous, target, current)).toEqual(returning);
  });
});
