import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import { prunedUri } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

describe('deletion', () => {
  it('midway ends the pod, cleans what it uploaded, and lets go', () => {
    const world = World.pruning();
    world.remove();
    world.settle();
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect', 'clean']);
    expect(world.pruneJob.metadata.finalizers).toHaveLength(1);
    world.end('clean', { exitCode: 0 });
    expect(world.reconcile().actions).toEqual([{ kind: 'RemoveFinalizer', onceIdle: true }]);
    expect(world.pruneJob.metadata.finalizers).toEqual([]);
  });

  it.each([
    { what: 'leaves the files to another PruneJob of its run', sameRun: { namespace: 'ml', name: 'older' }, stages: [], finalizers: 0 },
    { what: 'waits for one that is being deleted, which may clean nothing', sameRun: { namespace: 'ml', name: 'older', isBeingDeleted: true as const }, stages: [], finalizers: 1 },
    { what: 'cleans once that is gone', sameRun: undefined, stages: ['clean'], finalizers: 1 },
  ])('$what', ({ sameRun, stages, finalizers }) => {
    const world = World.pruning();
    world.change(compact({ sameRun }));
    world.remove();
    world.settle();
    expect(world.observed.childJobs.map(({ stage }) => stage).slice(1)).toEqual(stages);
    expect(world.pruneJob.metadata.finalizers).toHaveLength(finalizers);
  });

  it('of one that waited for another PruneJob of its run cleans what that one left to it', () => {
    const world = new World();
    world.settle();
    world.inspected();
    world.change({ sameRun: { namespace: 'ml', name: 'older' } });
    world.settle();
    world.observed = compact({ ...world.observed, sameRun: undefined });
    world.remove();
    world.settle();
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect', 'clean']);
  });

  it('lets go after its deadline even if cleaning never ends', () => {
    const world = new World();
    world.settle();
    world.inspected();
    world.settle();
    world.remove();
    world.settle();
    world.pass(601);
    expect(world.reconcile().actions).toEqual([{ kind: 'RemoveFinalizer' }]);
    expect(world.pruneJob.metadata.finalizers).toEqual([]);
  });

  it('during a rollout puts the service back before it lets go', () => {
    const world = World.published();
    const before = world.service.fields;
    world.settle();
    world.roll(false);
    world.remove();
    world.settle();
    expect(world.pruneJob.metadata.finalizers).toHaveLength(1);
    expect(world.service.fields).toMatchObject(before);
    world.roll();
    world.settle();
    expect(world.service.fields).toEqual(before);
    expect(world.pruneJob.metadata.finalizers).toEqual([]);
    expect(world.observed.childJobs.map(({ stage }) => stage)).not.toContain('clean');
  });

  it('lets go of a service that takes nothing back, and says what it should have', () => {
    const world = World.published();
    world.settle();
    world.remove();
    world.reconcile();
    world.pass(601);
    expect(world.reconcile().actions).toMatchObject([{ kind: 'ApplyService', bestEffort: true }, { kind: 'ReleaseService', bestEffort: true }]);
    expect(world.condition('RolledBack')).toMatchObject({ status: 'False', reason: 'RolloutFailed', message: expect.stringContaining('model s3://models/tiny-moe/ on 4 GPUs with tensor-parallel size 4') as string });
    world.settle();
    expect(world.pruneJob.metadata.finalizers).toEqual([]);
  });

  it('claims nothing of a service that is gone as well', () => {
    const world = World.published();
    world.settle();
    world.remove();
    world.reconcile();
    world.change({ service: 'Missing' });
    world.reconcile();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'False', reason: 'ServiceNotFound' });
  });

  it('of a finished run reverts nothing', () => {
    const world = World.completed();
    world.remove();
    world.settle();
    expect(world.service.fields.modelUri).toBe(prunedUri);
  });
});
