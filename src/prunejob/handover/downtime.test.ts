import { describe, expect, it } from 'vitest';

import { pruneJob, service, serving, spec } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

function moved(strategy: 'Surge' | 'Recreate'): World {
  const running = { ...service().running, availableReplicas: 1 };
  const world = World.published({ pruneJob: pruneJob({ spec: { ...spec(), serving: serving({ strategy }) } }), service: service({ running }) });
  world.settle();
  return world;
}

function available(world: World, availableReplicas: number): void {
  world.roll(availableReplicas > 0);
  world.changeService({ running: { ...world.service.running, availableReplicas } });
  world.settle();
}

describe('the downtime', () => {
  it('of a Recreate is from the last old pod to the first new one, and is told', () => {
    const world = moved('Recreate');
    available(world, 0);
    world.pass(90);
    available(world, 0);
    world.pass(5);
    available(world, 1);
    world.pass(121);
    world.settle();
    expect(world.pruneJob.status?.serving?.rollout).toMatchObject({ downtimeSeconds: 95 });
    expect(world.condition('Complete')?.message).toMatch(/GPU-hours a day saved\. It was down for 95 s\./);
  });

  it('of a Recreate that nobody saw down is not told', () => {
    const world = moved('Recreate');
    available(world, 1);
    world.pass(121);
    world.settle();
    expect(world.phase).toBe('Complete');
    expect(world.pruneJob.status?.serving?.rollout).not.toHaveProperty('downtimeSeconds');
  });

  it('of a Surge is not counted: there is none', () => {
    const world = moved('Surge');
    available(world, 0);
    expect(world.pruneJob.status?.serving?.rollout).not.toHaveProperty('downSince');
  });
});
