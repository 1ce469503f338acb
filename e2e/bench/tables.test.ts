import { describe, expect, it } from 'vitest';
import type { Calls } from './audit.ts';
import type { Measurement } from './measurement.ts';
import { callTable, loadTable, markdown, restartTable, takeoverTable } from './tables.ts';

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
    expect(cells(loadTable(all, load), 'ours')).toEqual(['10', '14.0', '93 %', '4 ms', '6 ms', '4 ms', '4 ms', '0.00', '5.00', '2.00', '100 MB', '1.5 s']);
  });

  it('shows of the ceiling what it has: it makes no Jobs of its own and asks for nothing', () => {
    expect(cells(loadTable(all, load), 'ceiling')).toEqual(['10', '15.0', '100 %', '', '', '', '', '', '', '', '', '']);
  });
});

it('tells of a restart what came of it, also where no Job came', () => {
  const all = [
    measurement('ceiling', 0),
    measurement('ours', 0, { restart: { firstJobSeconds: 0.8, writes: 0 } }),
    measurement('slow', 0, { restart: { firstJobSeconds: undefined, writes: 7 } }),
  ];
  expect(cells(restartTable(all), 'ours')).toEqual(['10', '0.80 s', '0']);
  expect(cells(restartTable(all), 'slow')).toEqual(['10', '', '7']);
  expect(cells(restartTable(all), 'ceiling')).toBeUndefined();
});

it('shows how far takeovers lie apart', () => {
  expect(cells(takeoverTable([9, 15, 12].map((seconds) => ({ contender: 'ours', seconds }))), 'ours')).toEqual(['12.0 s', '9.0 s', '15.0 s']);
});

it('divides calls by objects', () => {
  expect(cells(callTable([measurement('ours', 0)], 'ours'), 'patch prunejobs/status')).toEqual(['2.50']);
});
