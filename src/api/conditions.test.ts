import { describe, expect, it } from 'vitest';

import { setCondition, type ConditionUpdate } from './conditions.ts';
import type { Condition } from './v1alpha1/prunejob.ts';

const earlier = '2026-01-01T00:00:00Z';
const now = new Date('2026-01-01T00:10:00.123Z');
const waiting: Condition = { type: 'Pruned', status: 'False', reason: 'WaitingForPod', message: 'one', observedGeneration: 1, lastTransitionTime: earlier };
const planned: Condition = { type: 'Planned', status: 'True', reason: 'Planned', message: '8→4', observedGeneration: 1, lastTransitionTime: earlier };

describe('setCondition', () => {
  it.each<[string, ConditionUpdate, string]>([
    ['the same status keeps the time', { type: 'Pruned', status: 'False', reason: 'Running', message: 'two' }, earlier],
    ['another status takes the new time, in whole seconds', { type: 'Pruned', status: 'True', reason: 'Pruned', message: 'done' }, '2026-01-01T00:10:00Z'],
  ])('%s', (_, update, lastTransitionTime) => {
    const changed = setCondition([waiting, planned], update, { generation: 2, now });
    expect(changed).toEqual([{ ...update, observedGeneration: 2, lastTransitionTime }, planned]);
  });

  it('adds a new condition at the end', () => {
    const update: ConditionUpdate = { type: 'Failed', status: 'True', reason: 'NotMoE', message: 'dense' };
    const changed = setCondition([planned], update, { generation: 1, now });
    expect(changed.map(({ type }) => type)).toEqual(['Planned', 'Failed']);
  });

  it('says the same twice without a change, and leaves its input alone', () => {
    const update: ConditionUpdate = { type: 'Pruned', status: 'False', reason: 'WaitingForPod', message: 'one' };
    const before = Object.freeze([Object.freeze({ ...waiting })]);
    expect(setCondition(before, update, { generation: 1, now })).toEqual(before);
  });
});
