/** What must hold whatever happens, in whatever order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { denseUri, prunedUri, serving } from '../testing/builders.ts';
import { afterPauses, born, happenings, holds, isOver, live, lives, unfinished, watched } from '../testing/lives.ts';
import { World } from '../testing/world.ts';

/** The same cases every time; another number finds others. */
const seed = 1;

describe('whatever happens', { timeout: 600_000 }, () => {
  it('no decision throws, starts a second Job, wakes a finished run, or serves what is not published', () => {
    fc.assert(fc.property(lives, (names) => { live(names); }), { numRuns: 300, seed });
  });

  // Two looks later: a write that nobody saw yet is repeated for a few seconds.
  it('decisions come to rest, and then do nothing', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      expect(afterPauses(world, [0, 20, 20])).toMatchObject({ actions: [], events: [] });
    }), { numRuns: 200, seed });
  });

  it('the scratch is there as long as a pruning Job is, and goes when the run is over', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      world.settle();
      if (unfinished(world, 'prune').length > 0) expect(world.observed.scratch).toBeDefined();
      if (isOver(world)) expect(world.observed.scratch).toBeUndefined();
    }), { numRuns: 300, seed });
  });

  it('the same observation gives the same decision', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      const twin = new World(world.observed);
      twin.clock = world.clock;
      expect(world.reconcile()).toEqual(twin.reconcile());
    }), { numRuns: 100, seed });
  });

  it('a deleted run lets go within its deadlines', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      world.remove();
      for (let minute = 0; minute < 25; minute += 1) {
        world.settle();
        world.pass(60);
      }
      expect(world.pruneJob.metadata.finalizers).toEqual([]);
    }), { numRuns: 100, seed });
  });

  it('a suspended run starts no pruning, and its pods go', () => {
    fc.assert(fc.property(lives, fc.array(fc.constantFrom(...withoutResuming), { maxLength: 5 }), (names, later) => {
      const world = live(names);
      world.changeSpec({ suspend: true });
      for (const name of ['deleted pods end', ...later]) {
        happenings[name]?.(world);
        const started = [watched(world), watched(world)].flatMap(({ actions }) => actions.filter((action) => action.kind === 'CreateJob' && action.manifest.metadata.name.includes('-prune-')));
        expect(started).toEqual([]);
      }
      world.settle();
      expect(unfinished(world, 'prune')).toEqual([]);
    }), { numRuns: 300, seed });
  });

  it('a model whose gate measured nothing is never published, nor served', () => {
    const quality = { perplexity: { uri: 's3://data/heldout.jsonl', samples: 8, maxIncrease: 0.05 } };
    fc.assert(fc.property(lives, (names) => {
      const world = live(names, born({ quality }));
      expect(holds(world, 'Published')).toBe(false);
      expect(JSON.stringify(world.observed.service)).not.toContain(prunedUri);
    }), { numRuns: 100, seed });
  });

  it('a run that fails leaves the service with one model, whole', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      if (!holds(world, 'Failed') || typeof world.observed.service === 'string') return;
      const { modelUri, gpuLimit } = world.service.fields;
      expect([`${denseUri} 4`, `${prunedUri} 2`]).toContain(`${modelUri} ${gpuLimit ?? 0}`);
    }), { numRuns: 300, seed });
  });

  it('a run is never both complete and failed, nor over while a Job of it runs', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      world.settle();
      expect([holds(world, 'Complete'), holds(world, 'Failed')]).not.toEqual([true, true]);
      if (isOver(world)) expect(unfinished(world)).toEqual([]);
    }), { numRuns: 200, seed });
  });
});

describe('with mode Emit, whatever happens', { timeout: 600_000 }, () => {
  const emits = (): World => born({ serving: serving({ mode: 'Emit' }) });

  it('the service is never written to, and Served is True only of what runs', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names, emits());
      const { current } = world.pruneJob.status?.serving ?? {};
      if (holds(world, 'Served')) expect([holds(world, 'Complete'), current?.uri, current?.gpus]).toEqual([true, prunedUri, 2]);
    }), { numRuns: 300, seed });
  });

  it('decisions come to rest, and then do nothing', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names, emits());
      expect(afterPauses(world, [0, 121, 121])).toMatchObject({ actions: [], events: [] });
    }), { numRuns: 200, seed });
  });

  it('the lives reach the patch and its delivery', () => {
    const delivery = ['Git delivers the patch', 'pods come up', 'a minute passes', 'a minute passes', 'a minute passes'];
    const worlds = fc.sample(lives, { numRuns: 500, seed }).map((names) => live([...names, ...delivery], emits()));
    expect([...new Set(worlds.map((world) => world.phase))]).toEqual(expect.arrayContaining(['Emitted', 'Complete', 'RolledBack', 'Failed']));
  });
});

const withoutResuming = Object.keys(happenings).filter((name) => name !== 'resumed');

it('the random lives reach every end', { timeout: 600_000 }, () => {
  const seen = new Set(fc.sample(lives, { numRuns: 500, seed }).map((names) => live(names, born()).phase));
  expect([...seen]).toEqual(expect.arrayContaining(['Complete', 'Failed', 'Suspended', 'RollingBack', 'RolledBack', 'Queued', 'Pruning']));
});
