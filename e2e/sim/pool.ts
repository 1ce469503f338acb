/** Runs seeds in as many threads as there are processors, until all are done or enough have failed. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './simulation.ts';

export interface PoolOptions {
  readonly seeds: Iterable<number>;
  readonly done: (outcome: Outcome) => void;
  /** True: no more seeds are begun. */
  readonly enough: () => boolean;
}

/**
 * A killed process aborts none of its signals, and Node keeps a combined AbortSignal that has listeners until it is aborted: about 1 MB a seed,
 * which only goes with the thread.
 */
const SEEDS_A_THREAD = 250;

export async function runSeeds(options: PoolOptions): Promise<void> {
  const waiting = [...options.seeds];
  const left = (): boolean => !options.enough() && waiting.length > 0;
  const take = (): number | undefined => (left() ? waiting.shift() : undefined);
  const runThreads = async (): Promise<void> => {
    while (left()) await runThread(take, options.done);
  };
  await Promise.all(Array.from({ length: Math.min(waiting.length, availableParallelism()) }, runThreads));
}

async function runThread(take: () => number | undefined, done: (outcome: Outcome) => void): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url));
  try {
    for (let run = 0; run < SEEDS_A_THREAD; run += 1) {
      const seed = take();
      if (seed === undefined) return;
      worker.postMessage(seed);
      const [outcome] = (await once(worker, 'message')) as [Outcome];
      done(outcome);
    }
  } finally {
    await worker.terminate();
  }
}
