/** Runs seeds in as many threads as there are processors, until all are done or enough have failed. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Outcome } from './simulation.ts';

export interface PoolOptions {
  readonly first: number;
  readonly count: number;
  readonly done: (outcome: Outcome) => void;
  /** True: no more seeds are begun. */
  readonly enough: () => boolean;
}

export async function runSeeds(options: PoolOptions): Promise<void> {
  let next = options.first;
  const take = (): number | undefined => (options.enough() || next >= options.first + options.count ? undefined : next++);
  await Promise.all(Array.from({ length: Math.min(options.count, availableParallelism()) }, () => runThread(take, options.done)));
}

async function runThread(take: () => number | undefined, done: (outcome: Outcome) => void): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url));
  try {
    for (let seed = take(); seed !== undefined; seed = take()) {
      worker.postMessage(seed);
      const [outcome] = (await once(worker, 'message')) as [Outcome];
      done(outcome);
    }
  } finally {
    await worker.terminate();
  }
}
