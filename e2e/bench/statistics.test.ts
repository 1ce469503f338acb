import { describe, expect, it } from 'vitest';
import { median, percentile, slope } from './statistics.ts';

describe('percentile', () => {
  it.each([
    { values: [], percent: 50, expected: undefined },
    { values: [7], percent: 99, expected: 7 },
    { values: [4, 1, 3, 2], percent: 50, expected: 2 },
    { values: [4, 1, 3, 2], percent: 99, expected: 4 },
    { values: Array.from({ length: 200 }, (_, index) => index + 1), percent: 99, expected: 198 },
    { values: [10, 9], percent: 0, expected: 9 },
  ])('$percent of $values.length values', ({ values, percent, expected }) => {
    expect(percentile(values, percent)).toBe(expected);
  });
});

describe('median', () => {
  it.each([
    { values: [], expected: undefined },
    { values: [3], expected: 3 },
    { values: [9, 1, 5], expected: 5 },
    { values: [4, 1, 2, 9], expected: 3 },
  ])('of $values', ({ values, expected }) => {
    expect(median(values)).toBe(expected);
  });
});

describe('slope', () => {
  it.each([
    { what: 'a line', points: [{ x: 0, y: 5 }, { x: 1, y: 7 }, { x: 2, y: 9 }], expected: 2 },
    { what: 'noise around a level', points: [{ x: 0, y: 1 }, { x: 1, y: -1 }, { x: 2, y: -1 }, { x: 3, y: 1 }], expected: 0 },
    { what: 'one point', points: [{ x: 4, y: 2 }], expected: undefined },
  ])('of $what', ({ points, expected }) => {
    expect(slope(points)).toBe(expected);
  });
});
