/**
 * The printed tables: medians over the pairs, and ratios to the ceiling of the same pair.
 *
 * What never came about counts as endless, in medians and percentiles too: a failure is the worst of values, and none that may be left out.
 */
import { restartSeconds, takeoverSeconds } from './limits.ts';
import type { Load } from './options.ts';
import type { Measurement } from './measurement.ts';
import { median, percentile, slope, type Point } from './statistics.ts';
import type { Takeover } from './takeover.ts';

const ceilingName = 'ceiling';

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  return [line(head), line(widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))), ...rows.map(line)].join('\n');
}

/** One table a load: what came through, how soon, and at what price for the API server and the machine. */
export function loadTable(all: readonly Measurement[], load: Load): string {
  const measured = all.filter((one) => isSame(one.load, load));
  const head = ['', 'all done', 'done', 'objects/s', 'of ceiling', 'created→Job p50', 'p99', 'done→status p50', 'p99', 'reads', 'writes', 'events', 'max RSS', 'CPU'];
  const rows = names(measured).map((name) => {
    const turns = measured.filter(({ contender }) => contender === name);
    const of = (value: (one: Measurement) => number | undefined) => median(turns.flatMap((one) => value(one) ?? []));
    const perObject = (value: (one: Measurement) => number) => (name === ceilingName ? undefined : of((one) => perFinished(value(one), one)));
    return [
      name,
      share(turns, ({ terminal }) => terminal === load.size),
      figure(of(({ terminal }) => terminal), 0),
      figure(of(({ objectsPerSecond }) => objectsPerSecond), 1),
      figure(of((one) => ofCeiling(measured, one)), 0, ' %'),
      ...[50, 99].map((percent) => (name === ceilingName ? '' : figure(of((one) => percentile(one.createdToJobMs, percent)), 0, ' ms'))),
      ...[50, 99].map((percent) => (name === ceilingName ? '' : figure(of((one) => percentile(one.doneToStatusMs, percent)), 0, ' ms'))),
      figure(perObject(({ calls }) => calls.reads), 2),
      figure(perObject(({ calls }) => calls.writes), 2),
      figure(perObject(({ calls }) => calls.events), 2),
      figure(of(({ usage }) => usage?.maxResidentMB), 0, ' MB'),
      figure(of(({ usage }) => usage?.cpuSeconds), 1, ' s'),
    ];
  });
  return markdown(head, rows);
}

export function restartTable(all: readonly Measurement[]): string {
  const restarted = all.filter(({ restart }) => restart !== undefined);
  const rows = names(restarted).flatMap((name) => loads(restarted).flatMap((load) => {
    const turns = restarted.filter((one) => one.contender === name && isSame(one.load, load));
    if (turns.length === 0) return [];
    const seconds = turns.map(({ restart }) => restart?.firstJobSeconds ?? Infinity);
    return [[name, inWords(load), share(seconds, Number.isFinite), figure(median(seconds), 2, ' s', `> ${restartSeconds} s`), figure(median(turns.map(({ restart }) => restart?.writes ?? 0)), 0)]];
  }));
  return markdown(['', 'finished before', 'in time', 'first new Job after', 'writes about the finished'], rows);
}

export function takeoverTable(all: readonly Takeover[]): string {
  const rows = [...new Set(all.map(({ contender }) => contender))].map((name) => {
    const seconds = all.filter(({ contender }) => contender === name).map((one) => one.seconds ?? Infinity);
    return [name, share(seconds, Number.isFinite), ...[median(seconds), percentile(seconds, 0), percentile(seconds, 100)].map((value) => figure(value, 1, ' s', `> ${takeoverSeconds} s`))];
  });
  return markdown(['', 'in time', 'first Job after kill -9 of the leader', 'least', 'most'], rows);
}

/** Which calls the figures of one contender are made of. */
export function callTable(all: readonly Measurement[], name: string): string {
  const turns = all.filter(({ contender }) => contender === name);
  const kinds = [...new Set(turns.flatMap(({ calls }) => [...calls.kinds.keys()]))].toSorted();
  const rows = kinds.map((kind) => [kind, ...loads(turns).map((load) => {
    const ofLoad = turns.filter((one) => isSame(one.load, load));
    return figure(median(ofLoad.map((one) => perFinished(one.calls.kinds.get(kind) ?? 0, one))), 2);
  })]);
  return markdown(['calls a finished object', ...loads(turns).map(inWords)], rows);
}

/** Of the second half: until then caches fill. */
export function growth(points: readonly Point[]): string {
  const half = points.slice(Math.floor(points.length / 2));
  const megabytes = slope(half);
  if (megabytes === undefined) return `Too few points for a slope: ${half.length} in the second half. Let JOBS be higher.`;
  return `Slope over the second half (least squares): ${(megabytes * 1000).toFixed(2)} MB per 1,000 PruneJobs.`;
}

/** Calls about objects that never came through are part of the price of those that did. */
function perFinished(calls: number, { terminal }: Measurement): number {
  return terminal === 0 ? Infinity : calls / terminal;
}

function ofCeiling(measured: readonly Measurement[], { pair, objectsPerSecond }: Measurement): number | undefined {
  const ceiling = measured.find((one) => one.contender === ceilingName && one.pair === pair);
  return ceiling === undefined || ceiling.objectsPerSecond === 0 ? undefined : (objectsPerSecond / ceiling.objectsPerSecond) * 100;
}

/** The first pair is run in the order of the tables. */
function names(measured: readonly Measurement[]): string[] {
  return [...new Set(measured.map(({ contender }) => contender))];
}

function loads(measured: readonly Measurement[]): Load[] {
  const all = measured.map(({ load }) => load);
  return all.filter((load, index) => all.findIndex((one) => isSame(one, load)) === index).toSorted((a, b) => a.size - b.size || a.rate - b.rate);
}

function isSame(a: Load, b: Load): boolean {
  return a.size === b.size && a.rate === b.rate;
}

function inWords({ size, rate }: Load): string {
  return `${size} objects at ${rate}/s`;
}

function share<T>(turns: readonly T[], succeeded: (turn: T) => boolean): string {
  return `${turns.filter((turn) => succeeded(turn)).length} of ${turns.length}`;
}

function figure(value: number | undefined, digits: number, unit = '', endless = '∞'): string {
  if (value === undefined) return '';
  return Number.isFinite(value) ? `${value.toFixed(digits)}${unit}` : endless;
}
