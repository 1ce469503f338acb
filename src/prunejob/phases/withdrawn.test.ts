/** In a restricted installation the leave to move a service counts when it is moved, not when it was planned. */
import { describe, expect, it } from 'vitest';

import { defaultPolicy } from '../policy.ts';
import { denseUri, prunedUri, pruneJob, service, serving } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const policy = { ...defaultPolicy, requireServiceLabel: true };

function published(strategy: 'Surge' | 'Canary'): World {
  return World.published({ policy, service: service({ allowsPrune: true }), pruneJob: pruneJob({ spec: { serving: serving({ strategy }) } }) });
}

function withdraw(world: World): void {
  world.changeService({ allowsPrune: false });
  world.settle();
}

function writes(world: World): number {
  return world.decisions.flatMap(({ actions }) => actions).filter(({ kind }) => kind === 'ApplyService').length;
}

describe.each(['Surge', 'Canary'] as const)('with strategy %s, leave that was taken back', (strategy) => {
  it('during the prune keeps the service as it is', () => {
    const world = published(strategy);
    withdraw(world);
    expect(world.condition('Failed')).toMatchObject({ reason: 'ServiceNotAllowed', message: expect.stringContaining('allow-prune=true') as string });
    expect([writes(world), world.service.fields.modelUri]).toEqual([0, denseUri]);
  });

  it('between the saved fields and the first write keeps the service as it is', () => {
    const world = published(strategy);
    while (world.pruneJob.status?.serving?.rollout?.startedAt === undefined) world.reconcile();
    withdraw(world);
    expect(world.condition('Failed')?.reason).toBe('ServiceNotAllowed');
    expect([writes(world), world.service.fields.modelUri]).toEqual([0, denseUri]);
  });

  it('after a first write whose note was lost puts the service back', () => {
    const world = published(strategy);
    world.loseNoteOf('ApplyService');
    withdraw(world);
    world.pass(6);
    world.settle();
    world.roll();
    world.settle();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'True', reason: 'ServiceNotAllowed' });
    expect([world.service.fields.canary, world.service.fields.modelUri]).toEqual([undefined, denseUri]);
  });

  it('after the first write puts the service back', () => {
    const world = published(strategy);
    const before = world.service.fields;
    world.settle();
    expect(writes(world)).toBe(1);
    withdraw(world);
    world.roll();
    // Until then the first write may still be on its way to the caches.
    world.pass(6);
    world.settle();
    expect(world.condition('Failed')?.message).toContain('is not offered to PruneJobs');
    expect(world.condition('RolledBack')?.status).toBe('True');
    expect([world.service.fields, world.service.managedByUs]).toEqual([before, false]);
  });

  it('after the end asks nothing of the service', () => {
    const world = published(strategy);
    world.settle();
    if (strategy === 'Canary') {
      world.rollCanary();
      world.settle();
    }
    world.serve();
    expect(world.phase, JSON.stringify(world.pruneJob.status)).toBe('Complete');
    withdraw(world);
    expect([world.phase, world.service.fields.modelUri]).toEqual(['Complete', prunedUri]);
  });
});
