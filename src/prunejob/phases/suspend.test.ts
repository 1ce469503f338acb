import { describe, expect, it } from 'vitest';

import { World } from '../testing/world.ts';

describe('suspend', () => {
  it('stops the Job, and resuming takes the next attempt', () => {
    const world = new World();
    world.settle();
    world.inspected();
    world.settle();
    world.start('prune');
    world.settle();
    world.changeSpec({ suspend: true });
    world.settle();
    expect(world.phase).toBe('Suspended');
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect']);
    world.changeSpec({ suspend: false });
    world.settle();
    expect(world.observed.childJobs.at(-1)).toMatchObject({ stage: 'prune', attempt: 2 });
    expect(world.condition('Suspended')?.status).toBe('False');
  });

  it('during a rollout puts the service back first, and resuming rolls out again', () => {
    const world = World.published();
    const before = world.service.fields;
    world.settle();
    world.changeSpec({ suspend: true });
    world.settle();
    expect(world.service.fields).toEqual(before);
    world.roll();
    world.settle();
    expect(world.phase).toBe('Suspended');
    world.changeSpec({ suspend: false });
    world.settle();
    world.roll();
    world.settle();
    world.pass(121);
    world.settle();
    expect(world.phase).toBe('Complete');
  });
});
