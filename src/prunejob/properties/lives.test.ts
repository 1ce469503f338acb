/** What must hold whatever happens, in whatever order: random lives of a PruneJob, every decision watched. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Decision } from './decision.ts';
import { isFinished } from './failure.ts';
import { denseFields, denseUri, prunedUri, pruneJob, result, service, spec } from './testing/builders.ts';
import { World } from './testing/world.ts';

type Happening = (world: World) => void;

const error = (reason: string) => ({ kind: 'Error', reason, message: `The engine says ${reason}.` });

/** Everything that users, engines, KServe, Git and time can do to a run. */
const happenings: Readonly<Record<string, Happening>> = {
  inspected: (world) => { world.inspected(); },
  'inspected an existing result': (world) => { world.inspected({ existing: result({ reused: true }) }); },
  'inspected a dense model': (world) => { world.inspected({ experts: 0, topK: 0 }); },
  'inspect failed': (world) => { world.end('inspect', { exitCode: 2, message: error('ModelNotFound') }); },
  'prune started': (world) => { world.start('prune'); },
  pruned: (world) => { world.pruned(); },
  'pruned elsewhere': (world) => { world.pruned({ uri: 's3://elsewhere/' }); },
  'gate refused': (world) => { world.end('prune', { exitCode: 4, message: error('QualityRefused') }); },
  'prune failed': (world) => { world.end('prune', { exitCode: 3, jobReason: 'BackoffLimitExceeded' }); },
  cleaned: (world) => { world.end('clean', { exitCode: 0 }); },
  'deleted pods end': (world) => { world.reap(); },
  'jobs vanish': (world) => { world.change({ childJobs: [] }); },
  'the claim is deleted': (world) => { world.deleteClaim(); },
  'pods come up': (world) => { ifServed(world, () => { world.roll(); }); },
  'pods are on their way': (world) => { ifServed(world, () => { world.roll(false); }); },
  'pods crash': (world) => { ifServed(world, () => { world.changeService({ running: { ...world.service.running, settled: false, failure: 'Crash' } }); }); },
  'Git reverts': (world) => { ifServed(world, () => { world.changeService({ fields: denseFields, otherManagers: ['argocd-controller'] }); }); },
  'service goes': (world) => { world.change({ service: 'Missing' }); },
  'service comes': (world) => { if (world.observed.service === 'Missing') world.change({ service: service() }); },
  'account goes': (world) => { world.change({ serviceAccount: 'Missing' }); },
  'account comes': (world) => { world.change({ serviceAccount: { name: 'pruner', secretNames: [] } }); },
  suspended: (world) => { world.changeSpec({ suspend: true }); },
  resumed: (world) => { world.changeSpec({ suspend: false }); },
  'a minute passes': (world) => { world.pass(60); },
  'an hour passes': (world) => { world.pass(3600); },
  deleted: (world) => { world.remove(); },
};

function ifServed(world: World, act: () => void): void {
  if (typeof world.observed.service !== 'string') act();
}

function holds(world: World, type: string): boolean {
  return world.condition(type)?.status === 'True';
}

const afterTheEnd = ['RemoveFinalizer', 'UpdateJob', 'DeleteClaim'];

/** One decision, and what no decision may ever do. */
function watched(world: World): Decision {
  const publishedBefore = holds(world, 'Published');
  const over = holds(world, 'Complete') || holds(world, 'Failed');
  const conditions = world.pruneJob.status?.conditions;
  const decision = world.reconcile();
  expect(world.observed.childJobs.filter(({ job }) => !isFinished(job)).length).toBeLessThanOrEqual(1);
  expect(decision.actions.map(({ kind }) => kind).filter((kind) => (over ? !afterTheEnd.includes(kind) : kind === 'DeleteClaim'))).toEqual([]);
  for (const action of decision.actions) {
    if (action.kind === 'ApplyService') expect(JSON.stringify(action.object)).toMatch(publishedBefore ? /storageUri/ : denseUri);
  }
  if (over) expect(decision.status.conditions).toEqual(conditions);
  if (typeof world.observed.service !== 'string' && !publishedBefore) expect(world.service.fields.modelUri).not.toBe(prunedUri);
  return decision;
}

const happy = ['inspected', 'prune started', 'pruned'];
const beginnings = fc.constantFrom([], happy, [...happy, 'pods are on their way'], [...happy, 'pods come up', 'a minute passes']);
const lives = fc.tuple(beginnings, fc.array(fc.constantFrom(...Object.keys(happenings)), { maxLength: 30 })).map(([start, rest]) => [...start, ...rest]);

const scratch = { size: '2Ti', storageClassName: 'fast' };

function live(names: readonly string[]): World {
  const world = new World({ pruneJob: pruneJob({ spec: { runner: { ...spec().runner, scratch } } }) });
  watched(world);
  for (const name of names) {
    happenings[name]?.(world);
    for (let turn = 0; turn < 3; turn += 1) watched(world);
  }
  return world;
}

describe('whatever happens', { timeout: 120_000 }, () => {
  it('no decision throws, starts a second Job, wakes a finished run, or serves what is not published', () => {
    fc.assert(fc.property(lives, (names) => { live(names); }), { numRuns: 300 });
  });

  it('decisions come to rest', () => {
    fc.assert(fc.property(lives, (names) => { live(names).settle(); }), { numRuns: 200 });
  });

  it('the scratch is there as long as a pruning Job is, and goes when the run is over', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      world.settle();
      const prunes = world.observed.childJobs.some(({ stage, job }) => stage === 'prune' && !isFinished(job));
      if (prunes) expect(world.observed.scratch).toBeDefined();
      if (holds(world, 'Complete') || holds(world, 'Failed')) expect(world.observed.scratch).toBeUndefined();
    }), { numRuns: 300 });
  });

  it('the same observation gives the same decision', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      const twin = new World(world.observed);
      twin.clock = world.clock;
      expect(world.reconcile()).toEqual(twin.reconcile());
    }), { numRuns: 100 });
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
    }), { numRuns: 100 });
  });

  it('a run that fails leaves the service with one model, whole', () => {
    fc.assert(fc.property(lives, (names) => {
      const world = live(names);
      if (!holds(world, 'Failed') || typeof world.observed.service === 'string') return;
      const { modelUri, gpuLimit } = world.service.fields;
      expect([`${denseUri} 4`, `${prunedUri} 2`]).toContain(`${modelUri} ${gpuLimit ?? 0}`);
    }), { numRuns: 300 });
  });
});

it('the random lives reach every end', { timeout: 120_000 }, () => {
  const seen = new Set(fc.sample(lives, { numRuns: 1000, seed: 1 }).map((names) => live(names).phase));
  expect([...seen]).toEqual(expect.arrayContaining(['Complete', 'Failed', 'Suspended', 'RollingBack']));
});
