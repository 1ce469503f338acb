import { describe, expect, it } from 'vitest';
import type { Calls } from './audit.ts';
import type { Measurement } from './measurement.ts';
import { callTable, growth, loadTable, markdown, restartTable, takeoverTable } from './tables.ts';

const load = { size: 10, rate: 50 };

function measurement(contender: string, pair: number, more: Partial<Measurement> = {}): Measurement {
  const calls: Calls = { reads: 0, writes: 50, events: 20, refused: 0, kinds: new Map([['create jobs', 10], ['patch prunejobs/status', 25]]) };
  return { contender, load, pair, terminal: 10, objectsPerSecond: 20, createdToJobMs: [1, 2, 3], doneToStatusMs: [4], calls, usage: undefined, restart: undefined, ...more };
}

/** The cells of a row, by the name of its first one. */
function cells(table: string, name: string): string[] | undefined {
  return table.split('\n').map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim())).find(([first]) => first === name)?.slice(1);
}

it('lines up its columns, names to the left and figures to the right', () => {
  expect(markdown(['', 'n'], [['long name', '1'], ['x', '22']])).toBe('|           |  n |\n| --------- | -: |\n| long name |  1 |\n| x         | 22 |');
});

describe('the table of a load', () => {
  const usage = { residentMB: 90, maxResidentMB: 100, cpuSeconds: 1.5 };
  const all = [
    measurement('ceiling', 0, { objectsPerSecond: 20 }), measurement('ours', 0, { objectsPerSecond: 19, usage }),
    measurement('ours', 1, { objectsPerSecond: 9, usage, createdToJobMs: [5, 6, 9] }), measurement('ceiling', 1, { objectsPerSecond: 10 }),
    measurement('ours', 0, { load: { size: 10, rate: 5 }, objectsPerSecond: 1 }),
  ];

  it('compares with the ceiling of the same pair, and shows medians', () => {
    expect(cells(loadTable(all, load), 'ours')).toEqual(['2 of 2', '10', '14.0', '93 %', '4 ms', '6 ms', '4 ms', '4 ms', '0.00', '5.00', '2.00', '100 MB', '1.5 s']);
  });

  it('shows of the ceiling what it has: it makes no Jobs of its own and asks for nothing', () => {
    expect(cells(loadTable(all, load), 'ceiling')).toEqual(['2 of 2', '10', '15.0', '100 %', '', '', '', '', '', '', '', '', '']);
  });

  it('counts what never came about as endless, and lays its calls on what was finished', () => {
    const lost = { terminal: 5, createdToJobMs: [1, 2, 3, 4, 5, Infinity], doneToStatusMs: [1, Infinity, Infinity] };
    expect(cells(loadTable([measurement('ceiling', 0), measurement('ours', 0, lost)], load), 'ours')).toEqual(['0 of 1', '5', '20.0', '100 %', '3 ms', '∞', '∞', '∞', '0.00', '10.00', '4.00', '', '']);
  });

  it('prints no ratio to nothing', () => {
    const nothing = { terminal: 0, objectsPerSecond: 0 };
    expect(cells(loadTable([measurement('ceiling', 0, nothing), measurement('ours', 0, nothing)], load), 'ours')?.slice(0, 4)).toEqual(['0 of 1', '0', '0.0', '']);
  });
});

describe('the table of restarts', () => {
  const restart = { firstJobSeconds: 0.8, writes: 0 };
  const never = { firstJobSeconds: undefined, writes: 7 };

  it.each([
    { what: 'what came of each', restarts: [restart], row: ['10 objects at 50/s', '1 of 1', '0.80 s', '0'] },
    { what: 'that most had no Job in time', restarts: [never, restart, never], row: ['10 objects at 50/s', '1 of 3', '> 60 s', '7'] },
    { what: 'nothing of who has none', restarts: [undefined], row: undefined },
  ])('tells $what', ({ restarts, row }) => {
    expect(cells(restartTable(restarts.map((one, pair) => measurement('ours', pair, { restart: one }))), 'ours')).toEqual(row);
  });

  it('keeps loads of one size and two rates apart', () => {
    const all = [measurement('ours', 0, { restart }), measurement('ours', 0, { restart, load: { size: 10, rate: 5 } })];
    expect(restartTable(all).match(/10 objects at \d+/g)).toEqual(['10 objects at 5', '10 objects at 50']);
  });
});

it.each([
  { what: 'how far they lie apart', seconds: [9, 15, 12], row: ['3 of 3', '12.0 s', '9.0 s', '15.0 s'] },
  { what: 'those that never came', seconds: [15.5, undefined, 16, undefined, 15], row: ['3 of 5', '16.0 s', '15.0 s', '> 120 s'] },
  { what: 'that most never came', seconds: [undefined, 15], row: ['1 of 2', '> 120 s', '15.0 s', '> 120 s'] },
])('shows of takeovers $what', ({ seconds, row }) => {
  expect(cells(takeoverTable(seconds.map((one) => ({ contender: 'ours', seconds: one }))), 'ours')).toEqual(row);
});

it('divides calls by finished objects, load by load', () => {
  const all = [measurement('ours', 0), measurement('ours', 0, { terminal: 5, load: { size: 10, rate: 5 } }), measurement('ours', 0, { terminal: 0, load: { size: 20, rate: 50 } })];
  expect(cells(callTable(all, 'ours'), 'calls a finished object')).toEqual(['10 objects at 5/s', '10 objects at 50/s', '20 objects at 50/s']);
  expect(cells(callTable(all, 'ours'), 'patch prunejobs/status')).toEqual(['5.00', '2.50', '∞']);
});

it.each([
  { points: [{ x: 100, y: 90 }, { x: 200, y: 91 }], says: 'Too few points for a slope: 1 in the second half.' },
  { points: [{ x: 100, y: 50 }, { x: 200, y: 90 }, { x: 300, y: 91 }], says: '10.00 MB per 1,000 PruneJobs.' },
])('says of the growth over $points.length points: $says', ({ points, says }) => {
  expect(growth(points)).toContain(says);
});
