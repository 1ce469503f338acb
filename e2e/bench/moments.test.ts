import { describe, expect, it } from 'vitest';
import { gaps, perSecond } from './moments.ts';

describe('gaps', () => {
  it.each([
    { what: 'both moments', sighting: { created: 100, job: 130 }, expected: [30] },
    { what: 'the moments in the other order', sighting: { created: 100, job: 99 }, expected: [0] },
    { what: 'an end that never came', sighting: { created: 100 }, expected: [Infinity] },
    { what: 'nothing to wait for', sighting: { terminal: 9 }, expected: [] },
  ])('of $what', ({ sighting, expected }) => {
    expect(gaps([sighting], 'created', 'job')).toEqual(expected);
  });
});

describe('objects a second', () => {
  it.each([
    { what: 'up to the last end', ends: [1500, 3000, 2000], expected: 1.5 },
    { what: 'none where nothing ended', ends: [], expected: 0 },
  ])('are $what', ({ ends, expected }) => {
    expect(perSecond(ends, 1000)).toBe(expected);
  });
});
