import { expect, it } from 'vitest';
import { below, cells, table } from './faults/coverage.ts';
import { simulate } from './simulation.ts';

it.each([3, 11, 24])('seed %i happens the same way twice', async (seed) => {
  const [first, second] = [await simulate(seed), await simulate(seed)];
  expect(second.digest).toBe(first.digest);
  expect(second.trace).toEqual(first.trace);
});

it('two seeds happen differently, and each has its steps and its faults', async () => {
  const [first, second] = [await simulate(1), await simulate(2)];
  expect(first.digest).not.toBe(second.digest);
  for (const { steps, faults } of [first, second]) {
    expect(steps).toBeGreaterThanOrEqual(200);
    expect(faults).toBeGreaterThanOrEqual(5);
  }
});

it('the table names the cells that are missing', () => {
  const counts = Object.fromEntries(cells().map(({ stage, fault }) => [`${stage} ${fault}`, 2]));
  expect(below(counts, 2)).toEqual([]);
  expect(below({ ...counts, 'New Conflict': 1 }, 2)).toEqual(['New Conflict']);
  expect(table(counts)).toContain('RollingBack');
});
