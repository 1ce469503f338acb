import { describe, expect, it } from 'vitest';

import type { RunnerSpec } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import { isFinished } from '../failure/failure.ts';
import { pruneJob, spec } from '../testing/builders.ts';
import { decided, planned } from '../testing/decided.ts';
import { World } from '../testing/world.ts';

const scratch = { size: '2Ti', storageClassName: 'fast' };
const runner: RunnerSpec = { ...spec().runner, scratch };
const onDisk = (): World => new World({ pruneJob: pruneJob({ spec: { runner } }) });
const jobs = (world: World): string[] => world.observed.childJobs.filter(({ job }) => !isFinished(job)).map(({ stage, attempt }) => `${stage} ${attempt}`);

function planning(): World {
  const world = onDisk();
  world.settle();
  world.inspected();
  return world;
}

function pruning(): World {
  const world = planning();
  world.settle();
  world.start('prune');
  world.settle();
  return world;
}

function suspended(): World {
  const world = pruning();
  world.changeSpec({ suspend: true });
  world.settle();
  return world;
}

function failed(): World {
  const world = pruning();
  world.end('prune', { exitCode: 3, jobReason: 'BackoffLimitExceeded' });
  world.settle();
  return world;
}

describe('the claim', () => {
  it('is made before the Job that mounts it, owned, labelled and named for good', () => {
    const { actions } = decided({ status: planned, spec: { runner } });
    expect(actions.map(({ kind }) => kind)).toEqual(['CreateClaim', 'CreateJob']);
    expect(actions[0]).toEqual({
      kind: 'CreateClaim',
      manifest: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {
          name: 'tiny-scratch',
          namespace: 'ml',
          labels: { 'stun-operator.io/prunejob': 'tiny', 'stun-operator.io/prunejob-uid': 'uid-1', 'app.kubernetes.io/managed-by': 'stun-operator' },
          ownerReferences: [{ apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', name: 'tiny', uid: 'uid-1', controller: true }],
        },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', resources: { requests: { storage: '2Ti' } } },
      },
    });
  });

  it.each([
    { what: 'no scratch is asked for', asked: undefined },
    { what: 'no class is named', asked: { size: '2Ti' } },
  ])('is not made where $what', ({ asked }) => {
    const { actions } = decided({ status: planned, spec: { runner: { ...spec().runner, ...compact({ scratch: asked }) } } });
    expect(actions.map(({ kind }) => kind)).toEqual(['CreateJob']);
  });

  it.each([
    { when: 'while the model is inspected', world: onDisk, there: false },
    { when: 'while the engine prunes', world: pruning, there: true },
    { when: 'while the run is suspended', world: suspended, there: true },
    { when: 'once the run has failed', world: failed, there: false },
    { when: 'once the run is complete', world: () => World.completed({ pruneJob: pruneJob({ spec: { runner } }) }), there: false },
  ])('is there $when: $there', ({ world: make, there }) => {
    const world = make();
    world.settle();
    expect(world.observed.scratch !== undefined).toBe(there);
  });

  it('is the same one for the next attempt', () => {
    const world = suspended();
    const before = world.observed.scratch;
    world.changeSpec({ suspend: false });
    world.settle();
    expect(jobs(world)).toEqual(['prune 2']);
    expect(world.observed.scratch).toBe(before);
  });

  it('is not made again by an operator that died between it and the Job', () => {
    const world = planning();
    for (; world.phase !== 'Planned'; world.reconcile());
    const { actions } = decided({ ...world.observed, status: world.pruneJob.status ?? {}, spec: { runner }, scratch: { metadata: { name: 'tiny-scratch', uid: 'u' } } });
    expect(actions.map(({ kind }) => kind)).toEqual(['CreateJob']);
  });

  it('keeps the next Job waiting while it goes, and is made anew', () => {
    const world = suspended();
    world.change({ scratch: { metadata: { name: 'tiny-scratch', uid: 'u', deletionTimestamp: 'now' } } });
    world.changeSpec({ suspend: false });
    expect(world.reconcile()).toMatchObject({ actions: [], requeueAfterMs: 10_000 });
    world.settle();
    expect(jobs(world)).toEqual(['prune 2']);
    expect(world.observed.scratch?.metadata.deletionTimestamp).toBeUndefined();
  });

  it('that somebody took away under the run is made anew for the next pod', () => {
    const world = pruning();
    world.deleteClaim();
    world.settle();
    expect(world.observed.scratch?.metadata.deletionTimestamp).toBeDefined();
    world.change({ childJobs: world.observed.childJobs.map((child) => ({ ...child, pods: [] })) });
    world.settle();
    expect(world.observed.scratch).toMatchObject({ metadata: { name: 'tiny-scratch' } });
    expect(world.observed.scratch?.metadata.deletionTimestamp).toBeUndefined();
    expect(jobs(world)).toEqual(['prune 1']);
  });

  it('goes once, by its uid, before the finalizer does', () => {
    const over = { conditions: [{ type: 'Failed', status: 'True' as const, reason: 'Internal', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] };
    const claim = { metadata: { name: 'tiny-scratch', uid: 'u' } };
    expect(decided({ status: over, scratch: claim }).actions).toEqual([{ kind: 'DeleteClaim', name: 'tiny-scratch', uid: 'u' }, { kind: 'RemoveFinalizer' }]);
    expect(decided({ status: over, scratch: { metadata: { ...claim.metadata, deletionTimestamp: 'now' } } }).actions).toEqual([{ kind: 'RemoveFinalizer' }]);
  });
});
