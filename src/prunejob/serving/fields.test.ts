import { describe, expect, it } from 'vitest';

import type { ServiceFields } from './adapter.ts';
import { needsRestore, restoredFields, sameFields, sameModel } from './fields.ts';

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
  it.each([
    { name: 'everything', current: target, needed: true, restored: previous },
    { name: 'nothing more', current: previous, needed: false, restored: previous },
    { name: 'what somebody else has not changed since', current: { ...target, modelUri: 'third' }, needed: true, restored: { args: ['-tp=4'], gpuLimit: 4 } },
    { name: 'what another manager has not put back itself', current: { ...target, modelUri: 'dense' }, needed: true, restored: previous },
  ])('writes $name', ({ current, needed, restored }) => {
    expect(needsRestore(previous, target, current)).toBe(needed);
    expect(restoredFields(previous, target, current)).toEqual(restored);
  });
});
