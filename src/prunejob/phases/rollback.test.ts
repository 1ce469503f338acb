import { describe, expect, it } from 'vitest';

import { finalizer } from '../../api/names.ts';
import { World } from '../testing/world.ts';
import { compact } from '../compact.ts';
import { denseUri, prunedUri, serving } from '../testing/builders.ts';

function request(world: World, rollbackRequested = true): void {
  const { serving } = world.pruneJob.spec;
  if (serving === undefined) throw new Error('There is no service.');
  world.changeSpec({ serving: { ...serving, rollbackRequested } });
  world.settle();
}

describe('a rollback that was asked for after Complete', () => {
  it('moves the pods back by the strategy of the rollout, then gives the service its own again and lets go', () => {
    const world = World.published();
    const before = world.service.fields;
    world.settle();
    const { deploymentStrategy } = world.service.fields;
    world.serve();
    expect(world.phase).toBe('Complete');
    request(world);
    expect(world.phase).toBe('RollingBack');
    expect(world.service.fields).toEqual({ ...before, deploymentStrategy });
    expect(world.pruneJob.metadata.finalizers).toContain(finalizer);
    world.roll();
    world.settle();
    expect(world.phase).toBe('RolledBack');
    expect(world.service.fields).toEqual(before);
    expect(world.service.managedByUs).toBe(false);
    expect(world.pruneJob.metadata.finalizers ?? []).not.toContain(finalizer);
  });

  it('leaves the run complete, and says that it serves no more', () => {
    const world = World.completed();
    request(world);
    world.roll();
    world.settle();
    expect(world.condition('Complete')?.status).toBe('True');
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'RolledBack' });
    expect(world.condition('RolledBack')).toMatchObject({ status: 'True', reason: 'PutBack' });
    const decisions = world.decisions.length;
    world.settle();
    expect(world.decisions.slice(decisions).flatMap(({ actions }) => actions)).toEqual([]);
  });

  it('tells of old pods that do not come up', () => {
    const world = World.completed();
    request(world);
    world.roll(false);
    world.pass(1801);
    world.settle();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'False', reason: 'RolloutFailed' });
    expect(world.service.managedByUs).toBe(false);
  });

  it('gives way before its first write to another PruneJob that began at the same moment, and begins anew after it', () => {
    const world = World.completed();
    world.changeSpec({ serving: serving({ rollbackRequested: true }) });
    world.reconcile();
    expect(world.phase).toBe('RollingBack');
    world.change({ sameService: { namespace: 'ml', name: 'other', first: true } });
    world.settle();
    expect([world.phase, world.condition('Served')?.status, world.condition('RolledBack')?.reason]).toEqual(['Complete', 'True', 'SameServiceInProgress']);
    expect(world.service.fields.modelUri).toBe(prunedUri);
    world.observed = compact({ ...world.observed, sameService: undefined });
    world.settle();
    expect([world.phase, world.service.fields.modelUri]).toEqual(['RollingBack', denseUri]);
  });

  it('waits with its first write until the other has given way', () => {
    const world = World.completed();
    world.changeSpec({ serving: serving({ rollbackRequested: true }) });
    world.reconcile();
    world.change({ sameService: { namespace: 'ml', name: 'other', first: false } });
    world.settle();
    expect([world.phase, world.service.fields.modelUri]).toEqual(['RollingBack', prunedUri]);
    world.observed = compact({ ...world.observed, sameService: undefined });
    world.settle();
    expect(world.service.fields.modelUri).toBe(denseUri);
  });

  it('once it has written it goes on', () => {
    const world = World.completed();
    request(world);
    world.change({ sameService: { namespace: 'ml', name: 'other', first: true } });
    world.settle();
    expect([world.phase, world.service.fields.modelUri]).toEqual(['RollingBack', denseUri]);
  });

  it('goes on when the wish is taken back midway: no service stays between two models', () => {
    const world = World.completed();
    request(world);
    request(world, false);
    world.roll();
    world.settle();
    expect(world.condition('RolledBack')?.status).toBe('True');
    expect(world.service.managedByUs).toBe(false);
  });

  it('claims no previous model for a service that is deleted midway', () => {
    const world = World.completed();
    request(world);
    world.change({ service: 'Missing' });
    world.settle();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'False', reason: 'ServiceNotFound' });
    expect([world.phase, world.condition('Failed')]).toEqual(['RolledBack', undefined]);
  });

  it.each([
    { when: 'was changed since', change: (world: World) => { world.changeService({ fields: { ...world.service.fields, modelUri: 's3://models/newer/' } }); }, reason: 'ServingConflict' },
    { when: 'was deleted since', change: (world: World) => { world.change({ service: 'Missing' }); }, reason: 'ServiceNotFound' },
  ])('leaves a service alone that $when', ({ change, reason }) => {
    const world = World.completed();
    change(world);
    const decisions = world.decisions.length;
    request(world);
    expect(world.condition('RolledBack')).toMatchObject({ status: 'False', reason });
    expect(world.decisions.slice(decisions).flatMap(({ actions }) => actions)).toEqual([]);
  });

  it('waits for a service that nobody has looked at', () => {
    const world = World.completed();
    const { service } = world;
    world.change({ service: 'NotAsked' });
    request(world);
    expect([world.phase, world.condition('RolledBack')]).toEqual(['Complete', undefined]);
    world.change({ service });
    world.settle();
    expect(world.phase).toBe('RollingBack');
  });

  it('does not begin when the PruneJob is being deleted', () => {
    const world = World.completed();
    world.remove();
    request(world);
    expect([world.phase, world.pruneJob.metadata.finalizers]).toEqual(['Complete', []]);
  });

  it('begins once the service runs what the rollout left, however often it did not', () => {
    const world = World.completed();
    const { fields } = world.service;
    world.changeService({ fields: { ...fields, modelUri: 's3://models/newer/' } });
    request(world);
    expect(world.condition('RolledBack')?.reason).toBe('ServingConflict');
    world.changeService({ fields });
    world.settle();
    expect(world.phase).toBe('RollingBack');
  });
});

describe('a rollback that was asked for sooner', () => {
  it('ends a rollout like a failure', () => {
    const world = World.published();
    const before = world.service.fields;
    world.settle();
    expect(world.service.fields.modelUri).toBe(prunedUri);
    request(world);
    expect(world.service.fields).toEqual(before);
    world.roll();
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'RolledBack', message: expect.stringContaining('rollbackRequested') as string });
  });

  it('does not wake a run that failed', () => {
    const world = World.published();
    world.settle();
    const { service } = world;
    world.change({ service: 'Missing' });
    world.settle();
    world.pass(601);
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('ServiceNotFound');
    world.change({ service });
    const decisions = world.decisions.length;
    request(world);
    expect([world.phase, ...world.decisions.slice(decisions).flatMap(({ actions }) => actions)]).toEqual(['Failed']);
  });

  it('never begins a rollout', () => {
    const world = World.published();
    const before = world.service.fields;
    request(world);
    expect(world.condition('Failed')).toMatchObject({ reason: 'RolledBack', message: expect.stringContaining('not touched') as string });
    expect(world.condition('Published')?.status).toBe('True');
    expect(world.service.fields).toEqual(before);
  });
});
