import { describe, expect, it } from 'vitest';

import { World } from '../testing/world.ts';

describe('suspend', () => {
  it('stops the Job, and resuming takes the next attempt', () => {
    const world = World.pruning();
    world.changeSpec({ suspend: true });
    world.settle();
    expect(world.phase).toBe('Suspended');
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect']);
    world.changeSpec({ suspend: false });
    world.settle();
    expect(world.observed.childJobs.at(-1)).toMatchObject({ stage: 'prune', attempt: 2 });
    expect(world.condition('Suspended')?.status).toBe('False');
  });

  it('says nothing more of a service that was put back for it, once the run goes on', () => {
    const world = World.published();
    world.settle();
    world.changeSpec({ suspend: true });
    world.settle();
    world.pass(6);
    world.settle();
    world.roll();
    world.settle();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'Unknown', reason: 'PutBack' });
    world.changeSpec({ suspend: false });
    world.settle();
    expect(world.condition('RolledBack')).toBeUndefined();
  });

  it.each([
    { stage: 'inspect', starts: true, claims: { Planned: 'Unknown' }, phase: 'Inspecting' },
    { stage: 'prune', starts: false, claims: { Queued: 'False' }, phase: 'Queued' },
    { stage: 'prune', starts: true, claims: { Queued: 'False', Pruned: 'Unknown' }, phase: 'Queued' },
  ] as const)('claims nothing of the $stage Job that it stopped, started: $starts', ({ stage, starts, claims, phase }) => {
    const world = new World();
    world.settle();
    if (stage === 'prune') world.inspected();
    world.settle();
    if (starts) world.start(stage);
    world.settle();
    world.changeSpec({ suspend: true });
    world.settle();
    for (const [type, status] of Object.entries(claims)) expect(world.condition(type)).toMatchObject({ status, reason: 'Suspended' });
    expect(world.decisions.flatMap(({ events }) => events).filter(({ reason }) => reason === 'Suspended')).toHaveLength(1);
    world.changeSpec({ suspend: false });
    world.settle();
    expect(world.phase).toBe(phase);
  });

  it('takes nothing back of what was over before', () => {
    const world = World.published();
    const before = world.condition('Queued');
    world.changeSpec({ suspend: true });
    world.settle();
    expect(world.condition('Queued')).toEqual(before);
  });

  it('during a rollout puts the service back first, and resuming rolls out again', () => {
    const world = World.published();
    const before = world.service.fields;
    world.settle();
    world.changeSpec({ suspend: true });
    world.settle();
    expect(world.service.fields).toMatchObject(before);
    world.roll();
    world.settle();
    expect([world.phase, world.service.fields]).toEqual(['Suspended', before]);
    world.changeSpec({ suspend: false });
    world.settle();
    world.serve();
    expect(world.phase).toBe('Complete');
  });

  it('claims nothing of a service that was deleted meanwhile', () => {
    const world = World.published();
    world.settle();
    world.changeSpec({ suspend: true });
    world.reconcile();
    world.change({ service: 'Missing' });
    world.settle();
    expect(world.phase).toBe('Suspended');
    expect(world.condition('RolledBack')?.message).toMatch(/deleted.* begins anew/);
    expect(world.pruneJob.status?.serving?.current).toBeUndefined();
  });
});
