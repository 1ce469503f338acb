import { describe, expect, it } from 'vitest';

import type { ServingSpec } from '../../api/v1alpha1/prunejob.ts';
import type { Answer } from '../observed.ts';
import { endpoint, pruneJob, service, serving, spec } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const yes: Answer = { answered: true };
const busy: Answer = { answered: false, why: 'did not answer within 10 s', tries: 1, answeredBefore: true };
const hangs: Answer = { ...busy, tries: 3 };

/** In its soak, and so long after its beginning that the rollout's own time is over. */
function soaking(overrides: Partial<ServingSpec> = {}): World {
  const world = World.published({
    pruneJob: pruneJob({ spec: { ...spec(), serving: serving({ timeout: '10m', soak: '10m', ...overrides }) } }),
    service: service({ running: { ...service().running, endpoints: [endpoint('old')] } }),
  });
  world.change({ answers: { old: yes } });
  world.settle();
  world.pass(500);
  come(world, { updated: 2, available: 2 });
  world.pass(300);
  world.settle();
  expect(world.phase).toBe('Verifying');
  return world;
}

/** Pods of the new template, as the Deployment counts them. */
function come(world: World, { wanted = 2, updated, available }: { wanted?: number; updated: number; available: number }): void {
  world.roll();
  const settled = available === wanted;
  const endpoints = Array.from({ length: available }, (_, index) => endpoint(`new-${index}`));
  const pending = `has ${updated} of ${wanted} replicas updated and ${available} available`;
  world.changeService({ replicas: wanted, running: { ...world.service.running, updatedReplicas: updated, availableReplicas: available, endpoints, settled, ...(settled ? {} : { pending }) } });
  world.change({ answers: { 'new-0': yes, 'new-1': yes, 'new-2': yes } });
  world.settle();
}

function pass(world: World, seconds: number): void {
  world.pass(seconds);
  world.settle();
}

const rollout = (world: World) => world.pruneJob.status?.serving?.rollout;

describe('in the soak, after the rollout\'s own time', () => {
  it('a pod that answered and is busy for once changes nothing', () => {
    const world = soaking();
    const before = rollout(world);
    world.change({ answers: { 'new-0': yes, 'new-1': busy } });
    world.settle();
    expect(rollout(world)).toEqual(before);
    pass(world, 301);
    expect(world.phase).toBe('Complete');
  });

  it('a pod that never answered is silent from its first try on', () => {
    const world = soaking();
    world.change({ answers: { 'new-0': yes, 'new-1': { answered: false, why: 'hangs', tries: 1 } } });
    world.settle();
    expect(rollout(world)?.unhealthySince).toBeDefined();
  });

  it.each([
    { what: 'a pod is lost', spoil: (world: World) => { come(world, { updated: 2, available: 1 }); }, reason: 'RolloutTimedOut', says: /was not healthy again within serving.timeout 10m. The service has 2 of 2 replicas updated and 1 available/ },
    { what: 'a pod answers no more', spoil: (world: World) => { world.change({ answers: { 'new-0': yes, 'new-1': hangs } }); }, reason: 'NotAnswering', says: /was not healthy again within serving.timeout 10m. The service does not answer completions/ },
    { what: 'a pod is lost while more are asked for', spoil: (world: World) => { come(world, { wanted: 3, updated: 3, available: 1 }); }, reason: 'RolloutTimedOut', says: /has 3 of 3 replicas updated and 1 available/ },
  ])('$what: it may get well for as long as a rollout may take, and is put back then', ({ spoil, reason, says }) => {
    const world = soaking();
    spoil(world);
    world.settle();
    expect(world.phase).toBe('Verifying');
    pass(world, 599);
    expect(world.phase).toBe('Verifying');
    pass(world, 1);
    expect(world.condition('RolledBack')).toMatchObject({ status: 'Unknown', reason, message: expect.stringMatching(says) as string });
  });

  it('begins anew when the service is well again, also after its time to get well', () => {
    const world = soaking();
    come(world, { updated: 2, available: 1 });
    pass(world, 599);
    come(world, { updated: 2, available: 2 });
    expect(rollout(world)).toMatchObject({ verifiedAt: world.clock.toISOString().replace('.000', ''), flaps: 1 });
    pass(world, 599);
    expect(world.phase).toBe('Verifying');
    pass(world, 1);
    expect(world.phase).toBe('Complete');
  });

  it('does not go on for ever with a service that is well now and then: its time counts from the first bad look', () => {
    const world = soaking();
    const begun = world.clock.getTime();
    for (let turn = 0; turn < 100 && world.phase === 'Verifying'; turn += 1) {
      come(world, { updated: 2, available: turn % 2 === 0 ? 1 : 2 });
      pass(world, 60);
    }
    expect(world.clock.getTime() - begun).toBe(660_000);
    expect(world.condition('RolledBack')).toMatchObject({
      status: 'Unknown', reason: 'RolloutTimedOut',
      message: 'The service was healthy and then was not 6 times, never for its whole soak, within serving.timeout 10m. The service has 2 of 2 replicas updated and 1 available.',
    });
  });

  it('replicas that are added keep it from its end, and never fail it', () => {
    const world = soaking();
    come(world, { wanted: 3, updated: 3, available: 2 });
    pass(world, 5000);
    expect(world.phase).toBe('Verifying');
    expect(world.condition('Served')?.message).toBe('The service has 3 of 3 replicas updated and 2 available.');
    come(world, { wanted: 3, updated: 3, available: 3 });
    expect(world.phase).toBe('Complete');
  });

  it('a sign that waiting is useless ends it at once', () => {
    const world = soaking();
    world.changeService({ running: { ...world.service.running, settled: false, failure: 'Pod x keeps crashing' } });
    world.settle();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'Unknown', reason: 'RolloutFailed' });
  });
});

describe('the time of a rollout', () => {
  it('begins again for the service when its canary was proved', () => {
    const world = World.published({ pruneJob: pruneJob({ spec: { ...spec(), serving: serving({ strategy: 'Canary' }) } }) });
    world.settle();
    world.pass(1700);
    world.rollCanary();
    world.settle();
    world.roll(false);
    pass(world, 1799);
    expect(world.phase).toBe('RollingOut');
    pass(world, 1);
    expect(world.condition('RolledBack')?.reason).toBe('RolloutTimedOut');
  });
});
