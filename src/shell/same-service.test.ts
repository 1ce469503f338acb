/**
 * Two PruneJobs of one service, in any order of their turns: they never write to it at the same time.
 *
 * Who goes first is read by the shell's own rule; a turn of both at once is decided from the same look at the cluster.
 */
import { describe, expect, it } from 'vitest';

import type { PruneJob, ServingSpec } from '../api/v1alpha1/prunejob.ts';
import { compact } from '../prunejob/compact.ts';
import { isMoving, moveRank } from '../prunejob/handover/same-service.ts';
import { prunedUri, pruneJob, secondsBefore, serving } from '../prunejob/testing/builders.ts';
import { World } from '../prunejob/testing/world.ts';
import { Store } from '../runtime/store.ts';
import { sameService } from './same-service.ts';
import { pruneJobOptions } from './stores.ts';

type Strategy = ServingSpec['strategy'];

const elsewhere = 's3://models/elsewhere/';
const complete = { type: 'Complete', status: 'True', reason: 'Finished', message: '', lastTransitionTime: secondsBefore(40) } as const;

function published(name: string, strategy: Strategy, output?: string): World {
  const base = pruneJob({ spec: { serving: serving({ strategy }), ...(output === undefined ? {} : { output: { uri: output } }) } });
  const world = new World({ pruneJob: { ...base, metadata: { ...base.metadata, name, uid: `uid-${name}` } } });
  world.settle();
  world.inspected();
  world.settle();
  world.start('prune');
  world.settle();
  world.pruned(output === undefined ? {} : { uri: prunedUri.replace('s3://models/pruned/', output) });
  return world;
}

class Pair {
  readonly worlds: readonly [World, World];

  constructor(first: Strategy, second: Strategy) {
    this.worlds = [published('first', first), published('second', second, elsewhere)];
  }

  /** All of them look before the first of them acts. */
  turn(indexes: readonly (0 | 1)[]): void {
    const seen = this.#store();
    for (const index of indexes) this.worlds[index].observed = compact({ ...this.worlds[index].observed, sameService: sameService(seen, this.worlds[index].pruneJob) });
    for (const index of indexes) this.#act(index);
  }

  rest(): void {
    for (let turn = 0; turn < 12; turn += 1) this.turn([turn % 2 === 0 ? 0 : 1]);
  }

  writers(): World[] {
    return this.worlds.filter(({ pruneJob: { status, ...rest } }) => {
      const { writtenAt, canaryWrittenAt } = status?.serving?.rollout ?? {};
      return isMoving({ ...rest, ...compact({ status }) }) && (writtenAt ?? canaryWrittenAt) !== undefined;
    });
  }

  #act(index: 0 | 1): void {
    const world = this.worlds[index];
    world.reconcile();
    const { service } = world;
    for (const other of this.worlds) other.change({ service });
  }

  #store(): Store<PruneJob> {
    const store = new Store<PruneJob>(pruneJobOptions);
    for (const world of this.worlds) store.upsert(world.pruneJob);
    return store;
  }
}

/** Every order of that many turns: the first, the second, or both at once. */
function orders(length: number): (readonly (0 | 1)[])[][] {
  if (length === 0) return [[]];
  return orders(length - 1).flatMap((rest) => [[0], [1], [0, 1], [1, 0]].map((turn) => [turn as (0 | 1)[], ...rest]));
}

describe('two PruneJobs of one service', { timeout: 120_000 }, () => {
  it.each<[Strategy, Strategy]>([['Surge', 'Surge'], ['Canary', 'Surge'], ['Surge', 'Canary'], ['Canary', 'Canary']])('never move it at once: %s and %s', (first, second) => {
    for (const order of orders(4)) {
      const pair = new Pair(first, second);
      for (const turn of order) {
        pair.turn(turn);
        expect(pair.writers().length, JSON.stringify(order)).toBeLessThanOrEqual(1);
      }
      pair.rest();
      expect(pair.writers(), JSON.stringify(order)).toHaveLength(1);
    }
  });

  it('the later one waits, and says for whom, until the service is moved', () => {
    const pair = new Pair('Surge', 'Surge');
    const [first, second] = pair.worlds;
    for (let turn = 0; turn < 4; turn += 1) pair.turn([0]);
    pair.rest();
    expect(second.condition('Served')).toMatchObject({ reason: 'SameServiceInProgress', message: expect.stringContaining('ml/first') as string });
    expect(second.pruneJob.status?.serving).toBeUndefined();
    first.pass(86_400);
    second.pass(86_400);
    pair.turn([1]);
    expect(second.condition('Failed')).toBeUndefined();
  });

  it.each([
    { end: 'was moved', act: (world: World) => { world.roll(); world.settle(); world.pass(121); world.settle(); }, then: 'ServiceChanged' },
    { end: 'was put back', act: (world: World) => { world.roll(false); world.pass(1801); world.settle(); world.roll(); world.settle(); }, then: undefined },
  ])('the later one goes on when the service $end', ({ act, then }) => {
    const pair = new Pair('Surge', 'Surge');
    const [first, second] = pair.worlds;
    for (let turn = 0; turn < 4; turn += 1) pair.turn([0]);
    pair.rest();
    act(first);
    second.change({ service: first.service });
    pair.rest();
    expect(second.condition('Failed')?.reason).toBe(then);
    if (then === undefined) expect(pair.writers()).toEqual([second]);
  });

  it.each(['Apply', 'Emit'] as const)('one that comes meanwhile plans when that is over, with mode %s', (mode) => {
    const other = { namespace: 'ml', name: 'first', first: true };
    const world = new World({ pruneJob: pruneJob({ spec: { serving: serving({ mode }) } }), sameService: other });
    world.settle();
    expect([world.phase, world.condition('Planned')?.reason, world.observed.childJobs.length]).toEqual(['Pending', 'SameServiceInProgress', 0]);
    world.observed = compact({ ...world.observed, sameService: undefined });
    world.settle();
    world.inspected();
    world.settle();
    world.start('prune');
    world.settle();
    world.pruned();
    world.change({ sameService: other });
    world.settle();
    expect([world.phase, world.condition('Served')?.reason]).toEqual(['Published', 'SameServiceInProgress']);
  });

  it.each<[string, (world: World) => void]>([
    ['suspended', (world) => { world.changeSpec({ suspend: true }); }],
    ['deleted', (world) => { world.remove(); }],
  ])('one that waits and is %s leaves the canary of the other alone', (_, end) => {
    const pair = new Pair('Canary', 'Canary');
    const [first, second] = pair.worlds;
    for (const turn of [[0, 1], [0, 1]] as const) pair.turn(turn);
    // It had looked before the second one's beginning was to be seen.
    first.observed = compact({ ...first.observed, sameService: undefined });
    first.reconcile();
    second.change({ service: first.service });
    expect(second.pruneJob.status?.serving?.rollout?.startedAt).toBeDefined();
    const { fields } = first.service;
    expect(fields.canary).toBeDefined();
    end(second);
    second.pass(10);
    for (let turn = 0; turn < 4; turn += 1) pair.turn([1]);
    expect([second.service.fields, second.service.managedByUs]).toEqual([fields, true]);
    expect(second.condition('RolledBack')?.message).toContain('The service was not touched.');
  });

  it('one that finds its model served already waits too: there is nothing to write, and much to fight over', () => {
    const pair = new Pair('Surge', 'Surge');
    const [first] = pair.worlds;
    first.settle();
    first.serve();
    const again = published('again', 'Surge');
    again.change({ service: first.service });
    for (const turn of ['publishes', 'begins']) expect([turn, again.reconcile().actions]).toEqual([turn, []]);
    expect(again.pruneJob.status?.serving?.rollout?.startedAt).toBeDefined();
    again.change({ sameService: { namespace: 'ml', name: 'first', first: true } });
    again.settle();
    expect([again.phase, again.condition('Served')?.reason, again.pruneJob.status?.serving]).toEqual(['Published', 'SameServiceInProgress', undefined]);
  });

  it('first goes who is bound, then who rolls back after its end, then who began first', () => {
    const [early, late] = [secondsBefore(60), secondsBefore(30)];
    const ranked = [
      { startedAt: late, canaryWrittenAt: late }, { startedAt: late, writtenAt: late }, { startedAt: late, appliedAt: late },
      { startedAt: late, appliedAt: late, rollbackStartedAt: late }, { startedAt: early }, { startedAt: late }, {},
    ].map((rollout) => moveRank(pruneJob({ status: { serving: { rollout }, conditions: 'rollbackStartedAt' in rollout ? [complete] : [] } })));
    expect([...ranked].sort()).toEqual([ranked[0], ranked[1], ranked[2], ...ranked.slice(3)]);
  });

  it('one that is complete waits with its rollback until the other has moved the service', () => {
    const pair = new Pair('Surge', 'Canary');
    const [first, second] = pair.worlds;
    first.settle();
    first.serve();
    second.change({ service: first.service, pruneJob: { ...second.pruneJob, status: { ...second.pruneJob.status, plan: { ...second.pruneJob.status?.plan, modelUri: prunedUri, gpusPerReplica: 2 } } } });
    for (let turn = 0; turn < 4; turn += 1) pair.turn([1]);
    expect(second.service.fields.canary).toBeDefined();
    first.changeSpec({ serving: serving({ rollbackRequested: true }) });
    pair.turn([0]);
    expect([first.phase, first.condition('RolledBack')?.reason]).toEqual(['Complete', 'SameServiceInProgress']);
  });
});
