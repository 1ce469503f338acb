/**
 * Two PruneJobs of one run in one cluster, through whatever happens to either: they never write at the same time.
 *
 * Who goes first is read from the caches by the real observe; each decision sees what every earlier one did.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { compact } from '../prunejob/compact.ts';
import { defaultPolicy } from '../prunejob/policy.ts';
import { pruneJob } from '../prunejob/testing/builders.ts';
import { happenings, unfinished, watched } from '../prunejob/testing/lives.ts';
import { World } from '../prunejob/testing/world.ts';
import { systemClock } from '../runtime/clock.ts';
import { createObserve } from './observe.ts';
import { ServiceAccounts } from './service-accounts.ts';
import { emptyStores } from './testing/empty-stores.ts';
import { FakeClient } from './testing/fake-client.ts';
import { job } from './testing/samples.ts';

/** Of the same second, so that only the uid can decide between them. */
function named(name: string): PruneJob {
  const base = pruneJob();
  return { ...base, metadata: { ...base.metadata, name, uid: `uid-${name}` } };
}

class Pair {
  readonly worlds = [new World({ pruneJob: named('first') }), new World({ pruneJob: named('second') })] as const;

  async decide(index: 0 | 1): Promise<void> {
    const world = this.worlds[index];
    if (isGone(world.pruneJob)) return;
    world.observed = compact({ ...world.observed, sameRun: await this.#sameRun(world) });
    watched(world);
  }

  /** Those whose engine may write under the run's prefix. One whose deletion waited its ten minutes for a pod is gone, and nobody sees the pod any more. */
  writers(): World[] {
    return this.worlds.filter((world) => !isGone(world.pruneJob) && [...unfinished(world, 'prune'), ...unfinished(world, 'clean')].length > 0);
  }

  async #sameRun(world: World) {
    const { name, namespace } = world.pruneJob.metadata;
    const stores = this.#stores();
    const client = new FakeClient();
    const observe = createObserve({ stores, client, serviceAccounts: new ServiceAccounts(client, systemClock, defaultPolicy), progressOf: () => undefined, workingOn: () => [], kindOf: () => undefined, engine: world.observed.engine, policy: defaultPolicy });
    return (await observe(`${namespace}/${name}`))?.sameRun;
  }

  #stores() {
    const stores = emptyStores();
    for (const { pruneJob: owner, observed } of this.worlds) {
      if (isGone(owner)) continue;
      stores.pruneJobs.upsert(owner);
      for (const { stage, attempt, job: seen } of observed.childJobs) stores.jobs.upsert({ ...job(owner, stage, attempt), status: seen.status ?? {} });
    }
    return stores;
  }
}

function isGone({ metadata }: PruneJob): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;
}

/** What decides who writes, more often than the rest. A Job deleted by force may leave a pod that nobody sees, so that is no part of the promise. */
const decisive = fc.constantFrom('inspected', 'pruned', 'gate refused', 'the GPU failed', 'suspended', 'resumed', 'deleted pods end', 'deleted', 'an hour passes');
const anything = fc.constantFrom(...Object.keys(happenings).filter((name) => name !== 'jobs vanish'));
const turns = fc.array(fc.record({ index: fc.constantFrom(0 as const, 1 as const), name: fc.oneof({ weight: 3, arbitrary: decisive }, anything) }), { maxLength: 30 });

const start = ['', 'inspected'].flatMap((name) => [{ index: 0 as const, name }, { index: 1 as const, name }]);

/** The same cases every time; another number finds others. */
const seed = 1;

describe('two PruneJobs of one run', { timeout: 600_000 }, () => {
  it('never write at once', async () => {
    await fc.assert(fc.asyncProperty(turns, async (steps) => {
      const pair = new Pair();
      for (const { index, name } of [...start, ...steps]) {
        happenings[name]?.(pair.worlds[index]);
        for (const turn of [0, 1, 0, 1] as const) await pair.decide(turn);
        expect(pair.writers().length).toBeLessThanOrEqual(1);
      }
    }), { numRuns: 300, seed });
  });

  it('the second goes on when the first is over', async () => {
    const pair = new Pair();
    const [first, second] = pair.worlds;
    const both = async (name: string) => {
      for (const index of [0, 1] as const) {
        happenings[name]?.(pair.worlds[index]);
        for (let turn = 0; turn < 4; turn += 1) await pair.decide(index);
      }
    };
    await both('');
    await both('inspected');
    expect(pair.writers()).toEqual([first]);
    expect(second.condition('Queued')?.reason).toBe('SameRunInProgress');
    for (const name of ['prune started', 'pruned', 'pods come up', 'an hour passes', 'pods come up', 'an hour passes']) await both(name);
    expect(first.phase).toBe('Complete');
    expect(pair.writers()).toEqual([second]);
  });
});
