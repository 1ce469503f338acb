/** What must hold of a run whose canary is asked before the service moves, whatever happens; `watched` holds every decision to it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { denseFields, prunedUri } from '../testing/builders.ts';
import { afterPauses, gated, gatedLives, happenings, holds, isOver, live, unfinished, watched } from '../testing/lives.ts';

/** The same cases every time; another number finds others. */
const seed = 1;

describe('with a gate at the endpoint, whatever happens', { timeout: 600_000 }, () => {
  it('the service never moves before the answers were accepted', () => {
    fc.assert(fc.property(gatedLives, (names) => {
      const world = live(names, gated());
      if (holds(world, 'Served')) expect([holds(world, 'QualityAccepted'), world.pruneJob.status?.serving?.rollout?.evaluatedAt]).toEqual([true, expect.any(String)]);
    }), { numRuns: 300, seed });
  });

  it('a run that fails leaves no canary, no Job, and a service with one model', () => {
    fc.assert(fc.property(gatedLives, (names) => {
      const world = live(names, gated());
      world.settle();
      if (!isOver(world)) return;
      expect(unfinished(world)).toEqual([]);
      if (!holds(world, 'Failed') || typeof world.observed.service === 'string') return;
      expect(world.service.fields.canary).toBeUndefined();
      expect([`${denseFields.modelUri} 4`, `${prunedUri} 2`]).toContain(`${world.service.fields.modelUri} ${world.service.fields.gpuLimit ?? 0}`);
    }), { numRuns: 300, seed });
  });

  it('decisions come to rest, and then do nothing', () => {
    fc.assert(fc.property(gatedLives, (names) => {
      const world = live(names, gated());
      expect(afterPauses(world, [0, 20, 20])).toMatchObject({ actions: [], events: [] });
    }), { numRuns: 200, seed });
  });

  it('a deleted run lets go within its deadlines', () => {
    fc.assert(fc.property(gatedLives, (names) => {
      const world = live(names, gated());
      world.remove();
      for (let minute = 0; minute < 25; minute += 1) {
        world.settle();
        world.pass(60);
      }
      expect(world.pruneJob.metadata.finalizers).toEqual([]);
    }), { numRuns: 100, seed });
  });

  it('a suspended run asks nobody', () => {
    fc.assert(fc.property(gatedLives, (names) => {
      const world = live(names, gated());
      world.changeSpec({ suspend: true });
      for (const name of ['deleted pods end', 'the canary comes up', 'evaluation accepts']) {
        happenings[name]?.(world);
        expect([watched(world), watched(world)].flatMap(({ actions }) => actions.filter(({ kind }) => kind === 'CreateJob'))).toEqual([]);
      }
      world.settle();
      expect(unfinished(world, 'evaluate')).toEqual([]);
    }), { numRuns: 200, seed });
  });

  it('the lives reach every judgement', () => {
    const worlds = fc.sample(gatedLives, { numRuns: 300, seed }).map((names) => live(names, gated()));
    const judged = worlds.map((world) => world.condition('QualityAccepted')).map((found) => `${found?.status ?? ''} ${found?.reason ?? ''}`);
    expect([...new Set(judged)]).toEqual(expect.arrayContaining(['Unknown Evaluating', 'True Accepted', 'False QualityRefused', 'False EndpointUnavailable']));
    expect([...new Set(worlds.map(({ phase }) => phase))]).toEqual(expect.arrayContaining(['Complete', 'Failed', 'RollingBack', 'Suspended', 'RollingOut']));
  });
});
