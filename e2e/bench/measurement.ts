/** One turn of one contender on a control plane of its own: warm up, load, quiet, restart. */
import { setTimeout as delay } from 'node:timers/promises';

import { waitFor } from '../lib/wait.ts';
import { countCalls, type Calls } from './audit.ts';
import type { Contender } from './contenders/contender.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { allowedSeconds, restartSeconds, warmUpSeconds } from './limits.ts';
import { createAtRate, createOnceServed } from './load.ts';
import { gaps, perSecond } from './moments.ts';
import type { Load } from './options.ts';
import { Replica } from './replica.ts';
import type { Usage } from './usage.ts';
import { Watcher } from './watcher.ts';

export interface Measurement {
  readonly contender: string;
  readonly load: Load;
  readonly pair: number;
  /** Objects that got to their end in time. */
  readonly terminal: number;
  readonly objectsPerSecond: number;
  readonly createdToJobMs: readonly number[];
  readonly doneToStatusMs: readonly number[];
  readonly calls: Calls;
  readonly usage: Usage | undefined;
  readonly restart: Restart | undefined;
}

export interface Restart {
  /** From the start of the process; undefined where no Job came in time. */
  readonly firstJobSeconds: number | undefined;
  /** Writes and events about what was finished before. */
  readonly writes: number;
}

interface Turn {
  readonly contender: Contender;
  readonly plane: ControlPlane;
  readonly watcher: Watcher;
}

export async function onControlPlane<T>(contender: Contender, work: (turn: Turn) => Promise<T>): Promise<T> {
  const plane = await startControlPlane();
  try {
    await contender.prepare(plane);
    // A CRD is served some time after it is accepted.
    await waitFor(`${contender.collection} to be served`, 30, async () => (await plane.server.call('GET', contender.collection)).code === 200);
    const watcher = await Watcher.start(plane.server, contender.collection, (object) => contender.isTerminal(object));
    return await work({ contender, plane, watcher }).finally(() => { watcher.stop(); });
  } finally {
    await plane.stop();
  }
}

export function measure(contender: Contender, load: Load, pair: number): Promise<Measurement> {
  return onControlPlane(contender, async (turn) => {
    const replica = await warmReplica(turn);
    try {
      return { contender: contender.name, load, pair, ...(await underLoad(turn, load, replica)), restart: await restart(turn, replica) };
    } finally {
      await replica?.stop();
    }
  });
}

/** One object all the way through: the caches of the servers and of the contender are then as in a running system. */
export async function warmReplica({ contender, plane, watcher }: Turn): Promise<Replica | undefined> {
  const replica = await Replica.start(contender, plane);
  try {
    await createOnceServed(plane.server, contender.collection, contender.object('warm-up'));
    const done = await watcher.until(['warm-up'], 'terminal', warmUpSeconds);
    if (!done) throw new Error(`${contender.name} did not finish its first object within ${warmUpSeconds} s. ${(await replica?.lastWords()) ?? ''}`);
    await quiet(plane);
    return replica;
  } catch (error) {
    await replica?.stop();
    throw error;
  }
}

async function underLoad({ contender, plane, watcher }: Turn, load: Load, replica: Replica | undefined) {
  const before = { size: await plane.auditSize(), usage: await replica?.usage() };
  const names = Array.from({ length: load.size }, (_, index) => `load-${String(index).padStart(5, '0')}`);
  const began = performance.now();
  await createAtRate(plane.server, { collection: contender.collection, rate: load.rate, objects: names.map((name) => contender.object(name)) });
  await watcher.until(names, 'terminal', allowedSeconds(load));
  const ends = names.flatMap((name) => watcher.of(name).terminal ?? []);
  await quiet(plane);
  const after = await replica?.usage();
  const sightings = names.map((name) => watcher.of(name));
  // A row of the table all the same: with fewer objects done, and with what they took.
  if (replica !== undefined && after === undefined) process.stderr.write(`${contender.name} ended under the load. ${await replica.lastWords()}\n`);
  return {
    terminal: ends.length,
    objectsPerSecond: perSecond(ends, began),
    createdToJobMs: gaps(sightings, 'created', 'job'),
    doneToStatusMs: gaps(sightings, 'jobDone', 'terminal'),
    calls: countCalls(await plane.auditSince(before.size)),
    usage: after === undefined ? undefined : { ...after, cpuSeconds: after.cpuSeconds - (before.usage?.cpuSeconds ?? 0) },
  };
}

async function restart({ contender, plane, watcher }: Turn, running: Replica | undefined): Promise<Restart | undefined> {
  if (running === undefined) return undefined;
  await running.stop();
  const size = await plane.auditSize();
  const began = performance.now();
  const replica = await Replica.start(contender, plane);
  try {
    await createOnceServed(plane.server, contender.collection, contender.object('restarted'));
    await watcher.until(['restarted'], 'terminal', restartSeconds);
    await quiet(plane);
    const old = (await plane.auditSince(size)).filter(({ objectRef }) => objectRef?.name?.startsWith('load-') === true);
    const { writes, events } = countCalls(old);
    const { job } = watcher.of('restarted');
    return { firstJobSeconds: job === undefined ? undefined : (job - began) / 1000, writes: writes + events };
  } finally {
    await replica?.stop();
  }
}

/** Finalizers, events and other afterthoughts come after the end that the watcher sees. */
async function quiet(plane: ControlPlane, quietSeconds = 3, mostSeconds = 30): Promise<void> {
  let size = await plane.auditSize();
  for (let waited = 0, still = 0; still < quietSeconds && waited < mostSeconds; waited += 1) {
    await delay(1000);
    const next = await plane.auditSize();
    still = next === size ? still + 1 : 0;
    size = next;
  }
}
