/** The printed tables: medians over the pairs, and ratios to the ceiling of the same pair. */
import type { Load } from './options.ts';
import type { Measurement } from './measurement.ts';
import { median, percentile } from './statistics.ts';
import type { Takeover } from './takeover.ts';

const ceilingName = 'ceiling';

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  return [line(head), line(widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))), ...rows.map(line)].join('\n');
}

/** One table a load: what came through, how soon, and at what price for the API server and the machine. */
export function loadTable(all: readonly Measurement[], load: Load): string {
  const measured = all.filter((one) => one.load.size === load.size && one.load.rate === load.rate);
  const head = ['', 'done', 'objects/s', 'of ceiling', 'created→Job p50', 'p99', 'done→status p50', 'p99', 'reads', 'writes', 'events', 'max RSS', 'CPU'];
  const rows = names(measured).map((name) => {
    const turns = measured.filter(({ contender }) => contender === name);
    const of = (value: (one: Measurement) => number | undefined) => median(turns.flatMap((one) => value(one) ?? []));
    const perObject = (value: (one: Measurement) => number) => (name === ceilingName ? undefined : of((one) => value(one) / one.load.size));
    return [
      name,
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
  const rows = names(restarted).flatMap((name) => sizes(restarted).flatMap((size) => {
    const turns = restarted.filter((one) => one.contender === name && one.load.size === size);
    if (turns.length === 0) return [];
    return [[name, `${size}`, figure(median(turns.flatMap(({ restart }) => restart?.firstJobSeconds ?? [])), 2, ' s'), figure(median(turns.map(({ restart }) => restart?.writes ?? 0)), 0)]];
  }));
  return markdown(['', 'finished objects', 'first new Job after', 'writes about the finished'], rows);
}

export function takeoverTable(all: readonly Takeover[]): string {
  const rows = [...new Set(all.map(({ contender }) => contender))].map((name) => {
    const seconds = all.filter(({ contender }) => contender === name).flatMap((one) => one.seconds ?? []);
    return [name, figure(median(seconds), 1, ' s'), figure(percentile(seconds, 0), 1, ' s'), figure(percentile(seconds, 100), 1, ' s')];
  });
  return markdown(['', 'first Job after kill -9 of the leader', 'least', 'most'], rows);
}

/** Which calls the figures of one contender are made of. */
export function callTable(all: readonly Measurement[], name: string): string {
  const turns = all.filter(({ contender }) => contender === name);
  const kinds = [...new Set(turns.flatMap(({ calls }) => [...calls.kinds.keys()]))].toSorted();
  const rows = kinds.map((kind) => [kind, ...sizes(turns).map((size) => {
    const ofSize = turns.filter((one) => one.load.size === size);
    return figure(median(ofSize.map(({ calls, load }) => (calls.kinds.get(kind) ?? 0) / load.size)), 2);
  })]);
  return markdown(['calls an object', ...sizes(turns).map((size) => `${size} objects`)], rows);
}

function ofCeiling(measured: readonly Measurement[], { pair, objectsPerSecond }: Measurement): number | undefined {
  const ceiling = measured.find((one) => one.contender === ceilingName && one.pair === pair);
  return ceiling === undefined ? undefined : (objectsPerSecond / ceiling.objectsPerSecond) * 100;
}

/** The first pair is run in the order of the tables. */
function names(measured: readonly Measurement[]): string[] {
  return [...new Set(measured.map(({ contender }) => contender))];
}

function sizes(measured: readonly Measurement[]): number[] {
  return [...new Set(measured.map(({ load }) => load.size))].toSorted((a, b) => a - b);
}

function figure(value: number | undefined, digits: number, unit = ''): string {
  return value === undefined ? '' : `${value.toFixed(digits)}${unit}`;
}
