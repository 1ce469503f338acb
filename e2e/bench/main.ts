/**
 * `make bench-operator`: this project's operator beside the bare control plane and beside other operators, on this machine, now.
 *
 * Everybody takes a turn in every pair, in an order that moves by one each time, so that a machine that gets slower is slower for all.
 */
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg } from 'node:os';

import { contenders } from './contenders/all.ts';
import type { Contender } from './contenders/contender.ts';
import { takeoverSeconds } from './limits.ts';
import { measure, type Measurement } from './measurement.ts';
import { readOptions, type Options } from './options.ts';
import { callTable, loadTable, restartTable, takeoverTable } from './tables.ts';
import { measureTakeover, type Takeover } from './takeover.ts';

const options = readOptions(process.env, contenders.map(({ name }) => name));
const chosen = contenders.filter(({ name }) => options.contenders.includes(name));

// The first process of its namespace gets no signal that it has not asked for; with it everything else ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

await describeMachine();
const measured = await measureAll(options);
const takeovers = await takeOverAll(options);
print(measured, takeovers);
await describeMachine();

async function measureAll({ loads, pairs }: Options): Promise<Measurement[]> {
  const results: Measurement[] = [];
  for (const load of loads) {
    for (let pair = 0; pair < pairs; pair += 1) {
      for (const contender of rotated(chosen, pair)) results.push(await oneTurn(contender, load, pair));
    }
  }
  return results;
}

async function oneTurn(contender: Contender, load: Options['loads'][number], pair: number): Promise<Measurement> {
  const result = await measure(contender, load, pair);
  tell(`${contender.name}: ${result.terminal} of ${load.size} at ${load.rate}/s, ${result.objectsPerSecond.toFixed(1)} objects/s (pair ${pair + 1})`);
  return result;
}

async function takeOverAll({ takeovers }: Options): Promise<Takeover[]> {
  const results: Takeover[] = [];
  for (let turn = 0; turn < takeovers; turn += 1) {
    for (const contender of chosen.filter(({ electsLeader }) => electsLeader)) {
      results.push(await measureTakeover(contender));
      tell(`${contender.name}: taken over after ${results.at(-1)?.seconds?.toFixed(1) ?? `more than ${takeoverSeconds}`} s`);
    }
  }
  return results;
}

function print(all: readonly Measurement[], takeovers: readonly Takeover[]): void {
  for (const load of options.loads) console.log(`\n${load.size} objects at ${load.rate}/s, median of ${options.pairs}:\n\n${loadTable(all, load)}`);
  console.log(`\nRestart:\n\n${restartTable(all)}`);
  if (takeovers.length > 0) console.log(`\nTakeover, median of ${options.takeovers}:\n\n${takeoverTable(takeovers)}`);
  for (const { name } of chosen.filter(({ program }) => program !== undefined)) console.log(`\nWhat ${name} asks of the API server:\n\n${callTable(all, name)}`);
}

async function describeMachine(): Promise<void> {
  const [one = 0, five = 0] = loadavg();
  const memory = /MemTotal:\s+(\d+)/.exec(await readFile('/proc/meminfo', 'utf8'))?.[1] ?? '0';
  const machine = `${availableParallelism()} CPUs (${cpus()[0]?.model.trim() ?? 'unknown'}), ${(Number(memory) / 2 ** 20).toFixed(0)} GiB, Node ${process.version}`;
  console.log(`${new Date().toISOString().slice(0, 16)}Z: ${machine}; load average ${one.toFixed(1)} over 1 minute, ${five.toFixed(1)} over 5.`);
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % Math.max(list.length, 1);
  return [...list.slice(at), ...list.slice(0, at)];
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
