import { describe, expect, it } from 'vitest';

import type { ServiceFields } from '../serving/adapter.ts';
import { denseFields, denseUri, prunedUri, pruneJob, result, serving, succeeded } from '../testing/builders.ts';
import { planned } from '../testing/decided.ts';
import { World } from '../testing/world.ts';

describe('a rollout that goes wrong', () => {
  it.each([
    { when: 'it times out', spoil: (world: World) => { world.roll(false); world.pass(1801); }, cause: /serving.timeout/ },
    {
      when: 'the new pods fail',
      spoil: (world: World) => { world.changeService({ running: { modelUri: prunedUri, gpusPerReplica: 2, settled: false, failure: 'Pod x keeps crashing' } }); },
      cause: /keeps crashing/,
    },
  ])('is put back when $when', ({ spoil, cause }) => {
    const world = World.published();
    const before = world.service.fields;
    world.settle();
    spoil(world);
    world.settle();
    expect(world.phase).toBe('RollingBack');
    expect(world.service.fields).toEqual({ ...before, deploymentStrategy: surge });
    world.roll();
    world.settle();
    expect(world.service.fields).toEqual(before);
    expect(world.condition('Failed')).toMatchObject({ reason: 'RolledBack', message: expect.stringMatching(cause) as string });
    expect(world.condition('RolledBack')?.status).toBe('True');
    expect(world.service.managedByUs).toBe(false);
  });

  it('is put back with the receipt of an earlier run, because pods of another template would be new pods', () => {
    const world = World.published();
    const receipt = '{"pruneJob":"ml/earlier", "runKey":"fedcba9876543210"}';
    world.changeService({ fields: { ...world.service.fields, receipt } });
    world.settle();
    expect(world.service.fields.receipt).not.toBe(receipt);
    world.roll(false);
    world.pass(1801);
    world.settle();
    expect(world.service.fields.receipt).toBe(receipt);
  });

  it('says so when the old pods do not come back', () => {
    const world = World.published();
    world.settle();
    world.roll(false);
    world.pass(1801);
    world.settle();
    world.roll(false);
    world.pass(1801);
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('RolloutFailed');
    expect(world.condition('RolledBack')?.status).toBe('False');
  });

  it('claims no way back for a service that was deleted meanwhile', () => {
    const world = World.published();
    world.settle();
    world.roll(false);
    world.pass(1801);
    world.reconcile();
    expect(world.phase).toBe('RollingBack');
    world.change({ service: 'Missing' });
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'ServiceNotFound', message: expect.stringContaining('deleted') as string });
    expect(world.condition('RolledBack')?.status).toBe('False');
  });

  it('ends as a conflict when another manager takes the fields back three times', () => {
    const world = World.published();
    const before = world.service.fields;
    world.settle();
    for (let revert = 1; revert <= 3; revert += 1) {
      expect(world.service.fields.modelUri).toBe(prunedUri);
      world.changeService({ fields: before, otherManagers: ['argocd-controller'] });
      world.settle();
    }
    expect(world.condition('ServingConflict')).toMatchObject({ status: 'True', message: expect.stringContaining('argocd-controller') as string });
    expect(world.condition('Failed')?.reason).toBe('RolledBack');
    expect(world.service.fields).toEqual(before);
  });

  it('leaves the model of somebody else alone, with all that belongs to it, and says so', () => {
    const world = World.published();
    const { deploymentStrategy: before } = world.service.fields;
    world.settle();
    const theirs = { ...world.service.fields, modelUri: 's3://models/other/' };
    keepChanging(world, theirs);
    expect(world.service.fields).toEqual({ ...theirs, deploymentStrategy: before, receipt: undefined });
    expect(world.condition('Failed')).toMatchObject({ reason: 'ServingConflict', message: expect.stringContaining('model s3://models/other/ on 2 GPUs') as string });
    expect(world.condition('RolledBack')).toMatchObject({ status: 'False', reason: 'ServingConflict' });
    expect(world.service.managedByUs).toBe(false);
  });

  it('puts model, GPUs and tensor-parallel size back together, also inside the arguments of somebody else', () => {
    const world = World.published();
    const before = world.service.fields;
    world.settle();
    world.roll(false);
    keepChanging(world, { ...world.service.fields, args: ['--tensor-parallel-size=2', '--max-num-seqs=64'] });
    expect(world.service.fields).toMatchObject({ ...before, args: ['--tensor-parallel-size=4', '--max-num-seqs=64'] });
    world.changeService({ running: { ...world.service.running, modelUri: denseUri, gpusPerReplica: 4, tensorParallel: 2, settled: true } });
    world.settle();
    expect(world.phase).toBe('RollingBack');
    world.roll();
    world.settle();
    expect(world.condition('RolledBack')?.status).toBe('True');
    expect(world.condition('Failed')?.message).toContain('its args was changed by somebody else');
    expect(world.condition('Failed')?.message).not.toContain('as before');
  });

  it('goes back by its own way of replacing pods: the service\'s would wait for the GPUs of the broken pod', () => {
    const world = World.published({ pruneJob: pruneJob({ spec: { serving: serving({ strategy: 'Recreate' }) } }) });
    const before = world.service.fields;
    world.settle();
    const { deploymentStrategy } = world.service.fields;
    world.roll(false);
    world.pass(1801);
    world.settle();
    expect(world.service.fields).toEqual({ ...before, deploymentStrategy });
    world.pass(1801);
    world.settle();
    expect([world.phase, world.service.fields]).toEqual(['Failed', before]);
  });
});

const surge = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };

/** Three times, as often as the rollout writes its own. */
function keepChanging(world: World, fields: ServiceFields): void {
  for (let time = 1; time <= 3; time += 1) {
    world.changeService({ fields, otherManagers: ['kubectl'] });
    world.reconcile();
  }
  world.pass(6);
  world.settle();
}

/** As a Deployment has it by default: with one replica a new pod comes before the old one goes. */
const surging = { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } };

describe('a rollout', () => {
  function rollingOut(timeout = '10s', strategy: 'Surge' | 'Canary' | 'Recreate' = 'Surge'): World {
    const world = new World({ pruneJob: pruneJob({ spec: { serving: serving({ timeout, strategy }) }, status: planned }), childJobs: [succeeded('prune', result())] });
    world.reconcile();
    return world;
  }

  it('saves the fields in one decision and writes them in a later one', () => {
    const world = rollingOut();
    const saved = world.reconcile();
    expect(saved.actions).toEqual([]);
    expect(saved.status.serving?.previous?.fields).toMatchObject({ modelUri: 's3://models/tiny-moe/', gpuLimit: 4 });
    expect(world.reconcile().actions.map(({ kind }) => kind)).toEqual(['ApplyService']);
  });

  it.each(['Surge', 'Canary'] as const)('writes first onto the service as it was seen, with strategy %s, and again onto what it has become', (strategy) => {
    const world = rollingOut('10m', strategy);
    const seen = (resourceVersion: string): void => {
      const { object } = world.service;
      world.change({ service: { ...world.service, object: { ...object, metadata: { ...object.metadata, resourceVersion } } } });
    };
    seen('7');
    world.settle();
    // Taken back by somebody, and so written once more.
    world.changeService({ fields: denseFields });
    seen('9');
    world.pass(20);
    world.settle();
    const versions = world.decisions.flatMap(({ actions }) => actions).flatMap((action) => (action.kind === 'ApplyService' ? [action.ifVersion] : []));
    expect(versions).toEqual(['7', '9']);
  });

  it('saves again what somebody changed in between', () => {
    const world = rollingOut();
    world.reconcile();
    world.changeService({ fields: { ...world.service.fields, args: ['--tensor-parallel-size=4', '--port=1'] } });
    expect(world.reconcile().status.serving?.previous?.fields?.args).toHaveLength(2);
  });

  it('never saves its own values as the ones to put back, when a part is taken back before the write is seen', () => {
    const world = rollingOut();
    const before = world.service.fields;
    world.reconcile();
    for (let revert = 1; revert <= 3; revert += 1) {
      world.reconcile();
      expect(world.service.fields).toMatchObject({ modelUri: prunedUri, gpuLimit: 2 });
      world.changeService({ fields: { ...world.service.fields, gpuLimit: 4 }, otherManagers: ['argocd-controller'] });
      expect(world.pruneJob.status?.serving?.previous?.fields).toEqual(before);
    }
    world.settle();
    world.pass(6);
    world.settle();
    expect(world.condition('ServingConflict')?.status).toBe('True');
    expect(world.service.fields).toEqual(before);
  });

  it('counts a write that is taken back whole before it is seen, once it cannot be a late cache', () => {
    const world = rollingOut('30m');
    const before = world.service.fields;
    world.reconcile();
    for (let revert = 1; revert <= 3; revert += 1) {
      world.reconcile();
      expect(world.service.fields.modelUri).toBe(prunedUri);
      world.changeService({ fields: before, otherManagers: ['argocd-controller'] });
      world.pass(14);
      expect(world.reconcile().actions).toEqual([]);
      world.pass(1);
    }
    world.settle();
    world.pass(6);
    world.settle();
    expect(world.condition('ServingConflict')).toMatchObject({ status: 'True', message: expect.stringContaining('3 times') as string });
    expect(world.service.fields).toEqual(before);
  });

  it('puts back even a write that was never seen', () => {
    const world = rollingOut();
    world.reconcile();
    const stale = world.service;
    world.pass(11);
    world.reconcile();
    expect(world.phase).toBe('RollingBack');
    world.change({ service: stale });
    expect(world.reconcile().actions.map(({ kind }) => kind)).toEqual(['ApplyService']);
    world.pass(6);
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('RolledBack');
  });

  it('is put back before it is given up, when nobody could for longer than the patience', () => {
    const world = rollingOut();
    const before = world.service.fields;
    world.settle();
    world.pass(11);
    world.reconcile();
    expect([world.phase, world.service.fields.modelUri]).toEqual(['RollingBack', prunedUri]);
    world.pass(3600);
    expect(world.reconcile().actions.map(({ kind }) => kind)).toEqual(['ApplyService', 'ReleaseService']);
    expect(world.service.fields).toEqual(before);
    expect(world.condition('Failed')?.reason).toBe('RolloutFailed');
  });

  it('by Recreate is not given up into a deadlock: its own new pods hold the GPUs that the old model needs', () => {
    const world = rollingOut('10s', 'Recreate');
    world.changeService({ fields: { ...world.service.fields, deploymentStrategy: surging } });
    world.settle();
    world.pass(11);
    world.reconcile();
    world.pass(3600);
    world.reconcile();
    expect(world.service.fields).toMatchObject({ modelUri: 's3://models/tiny-moe/', gpuLimit: 4, deploymentStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } } });
    expect(world.condition('Failed')).toMatchObject({ reason: 'RolloutFailed', message: expect.stringContaining('the way its pods are replaced, which is still the rollout\'s') as string });
  });

  it.each([
    { when: 'for two minutes', seconds: 121, strategy: 'Surge', phase: 'RollingBack' },
    { when: 'for two minutes, as a canary', seconds: 121, strategy: 'Canary', phase: 'RollingBack' },
    { when: 'for less', seconds: 119, strategy: 'Surge', phase: 'RollingOut' },
  ] as const)('ends at once when a new pod was refused its image $when: $phase', ({ seconds, strategy, phase }) => {
    const world = rollingOut('30m', strategy);
    world.settle();
    const stuck = { since: `${world.clock.toISOString().slice(0, 19)}Z`, message: 'Pod p cannot pull its image: not found.' };
    if (strategy === 'Canary') world.rollCanary({ settled: false, stuck });
    else world.roll(false);
    world.changeService({ running: { ...world.service.running, ...(strategy === 'Canary' ? {} : { stuck }) } });
    world.pass(seconds);
    world.reconcile();
    expect(world.phase).toBe(phase);
    if (phase === 'RollingBack') expect(world.condition('RolledBack')).toMatchObject({ reason: 'RolloutFailed', message: stuck.message });
  });

  it('does not take a failure of the old model for its own', () => {
    const world = rollingOut();
    world.settle();
    world.changeService({ running: { ...world.service.running, settled: false, failure: 'An old pod crashes' } });
    world.settle();
    expect(world.phase).toBe('RollingOut');
  });

  it('waits for a service that is gone, then fails', () => {
    const world = rollingOut();
    world.change({ service: 'Missing' });
    world.settle();
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'ServiceNotFound' });
    world.pass(601);
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('ServiceNotFound');
  });
});
