import { describe, expect, it } from 'vitest';

import { endpoint, prunedUri, service } from '../testing/builders.ts';
import { deliver, delivered, emitting, publishing, wish } from '../testing/emitting.ts';
import type { World } from '../testing/world.ts';

const served = (world: World) => world.condition('Served');

describe('its delivery by Git', () => {
  it('turns Served True when the pods have run it for the soak', () => {
    const world = emitting();
    deliver(world);
    expect(served(world)).toMatchObject({ status: 'Unknown', reason: 'Verifying' });
    world.pass(119);
    world.settle();
    expect(served(world)?.status).toBe('Unknown');
    world.pass(1);
    world.settle();
    expect(served(world)).toMatchObject({ status: 'True', reason: 'Serving', message: expect.stringContaining('on 2 GPUs instead of 4') as string });
    expect([world.phase, world.pruneJob.status?.serving?.current?.gpus]).toEqual(['Complete', 2]);
  });

  it('does not turn it True without an available pod, however long, and says what was not asked', () => {
    const world = emitting();
    deliver(world);
    world.changeService({ running: { ...world.service.running, settled: false, pending: 'has 1 of 1 replicas updated and 0 available' } });
    world.settle();
    world.pass(100_000);
    world.settle();
    expect(served(world)).toMatchObject({ status: 'Unknown', reason: 'Verifying', message: expect.stringContaining('0 available') as string });
    deliver(world);
    world.pass(121);
    world.settle();
    expect(served(world)).toMatchObject({ status: 'True', message: expect.stringMatching(/No completion was asked of it, because .*no pod of it was ready to be asked\.$/) as string });
  });

  it('claims no GPU before', () => {
    const world = emitting();
    deliver(world, delivered, false);
    expect(world.pruneJob.status?.serving?.current).toMatchObject({ uri: 's3://models/tiny-moe/', gpus: 4 });
  });

  it('begins its soak anew when a pod falters', () => {
    const world = emitting();
    deliver(world);
    world.pass(60);
    world.roll(false);
    world.settle();
    world.roll();
    world.settle();
    world.pass(61);
    world.settle();
    expect(served(world)?.status).toBe('Unknown');
  });

  it('begins its soak anew when Git takes it back in between', () => {
    const world = emitting();
    deliver(world);
    deliver(world, service().fields);
    world.pass(120);
    deliver(world);
    expect(served(world)?.status).toBe('Unknown');
  });

  it.each([
    { what: 'other values', change: (world: World) => { deliver(world, { ...delivered, gpuLimit: 3 }); }, expected: { status: 'False', reason: 'NotAsEmitted', message: 'The service asks for something else than the patch: gpuLimit is 3, not 2.' } },
    { what: 'other arguments, which are not told', change: (world: World) => { deliver(world, { ...delivered, args: ['--tensor-parallel-size=4', '--api-key=sk-1'] }); }, expected: { status: 'False', reason: 'NotAsEmitted', message: 'The service asks for something else than the patch: its args differ.' } },
    { what: 'pods that crash', change: (world: World) => { deliver(world, delivered, false); world.changeService({ running: { modelUri: prunedUri, gpusPerReplica: 2, settled: false, failure: 'Pod x keeps crashing.' } }); }, expected: { status: 'False', reason: 'RolloutFailed', message: 'Pod x keeps crashing. Revert the change in Git.' } },
    { what: 'a pod that is refused its image', change: (world: World) => { deliver(world, delivered, false); world.changeService({ running: { modelUri: prunedUri, gpusPerReplica: 2, settled: false, stuck: { since: '2026-01-01T11:00:00Z', message: 'Pod x cannot pull its image: not found. Correct the image.' } } }); }, expected: { status: 'False', reason: 'RolloutFailed', message: 'Pod x cannot pull its image: not found. Correct the image. Revert the change in Git.' } },
    { what: 'old pods that crash', change: (world: World) => { deliver(world, delivered, false); world.changeService({ running: { gpusPerReplica: 4, settled: false, failure: 'Pod x keeps crashing.' } }); }, expected: { status: 'Unknown', reason: 'Verifying' } },
    { what: 'a service that is stopped', change: (world: World) => { world.changeService({ refusal: { reason: 'UnsupportedService', message: 'It is stopped.' } }); }, expected: { status: 'Unknown', reason: 'AwaitingGit', message: 'The service cannot be judged as it is: It is stopped.' } },
    { what: 'a service that is gone', change: (world: World) => { world.change({ service: 'Missing' }); }, expected: { status: 'Unknown', reason: 'AwaitingGit', message: 'The service does not exist.' } },
    { what: 'nothing, after it had been there', change: (world: World) => { deliver(world); deliver(world, service().fields); }, expected: { status: 'Unknown', reason: 'AwaitingGit' } },
  ])('says what came instead: $what', ({ change, expected }) => {
    const world = emitting();
    change(world);
    world.settle();
    expect(served(world)).toMatchObject(expected);
    expect(world.condition('Complete')?.status).toBe('True');
  });

  it('stays served whatever happens later', () => {
    const world = emitting({ soak: '0s' });
    deliver(world);
    deliver(world, service().fields);
    expect(served(world)?.status).toBe('True');
  });
});

describe('a service that answered before', () => {
  const answered = { answered: true } as const;
  const asked = (uid: string) => ({ ...service().running, endpoints: [endpoint(uid)] });

  function answering(): World {
    const world = publishing({ soak: '0s' }, { service: service({ running: asked('old') }) });
    world.settle();
    expect(world.phase).toBe('Published');
    world.change({ answers: { old: answered } });
    world.settle();
    world.changeService({ fields: delivered });
    world.roll();
    world.changeService({ running: { ...world.service.running, endpoints: [endpoint('new')] } });
    world.settle();
    return world;
  }

  it('is served when the new pods answer too', () => {
    const world = answering();
    expect(served(world)).toMatchObject({ status: 'Unknown', message: 'Git has delivered the patch; the service is asked for a completion.' });
    expect(world.reconcile().requeueAfterMs).toBe(10_000);
    world.change({ answers: { new: { answered: false, why: 'answers 500', tries: 1 } } });
    world.settle();
    expect(served(world)).toMatchObject({ status: 'Unknown', message: expect.stringContaining('pod new answers 500') as string });
    world.change({ answers: { new: answered } });
    world.settle();
    expect(served(world)?.status).toBe('True');
  });

  it('is asked no more after a week of silence', () => {
    const world = answering();
    world.pass(7 * 24 * 3600);
    world.settle();
    expect(served(world)?.reason).toBe('NotDelivered');
  });
});

describe('how long a service is looked at that nobody watches', () => {
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'tiny-moe' } as const;

  it('is looked at ever more seldom, and after a week no more', () => {
    const world = emitting({ ref });
    const looks: number[] = [];
    for (let waited = 0; world.condition('Served')?.reason !== 'NotDelivered' && looks.length < 1000; waited += looks.at(-1) ?? 0) {
      const next = world.reconcile().requeueAfterMs;
      looks.push(next ?? 0);
      world.pass((next ?? 0) / 1000);
    }
    expect([looks[0], Math.max(...looks), looks.length < 300]).toEqual([10_000, 3_600_000, true]);
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'NotDelivered', message: expect.stringContaining('not looked at any more') as string });
    expect(world.reconcile()).toEqual({ actions: [], status: world.pruneJob.status, events: [] });
    deliver(world);
    expect(world.condition('Served')?.reason).toBe('NotDelivered');
  });

  it('costs nothing where a watch tells', () => {
    const world = emitting();
    expect(world.reconcile().requeueAfterMs).toBeUndefined();
  });
});

describe('a rollback that is asked for after the patch', () => {
  it('is Git\'s, and true when the previous model runs', () => {
    const world = emitting({ soak: '0s' });
    deliver(world);
    wish(world, true);
    expect(world.condition('RolledBack')).toMatchObject({ status: 'Unknown', reason: 'AwaitingGit', message: expect.stringContaining('revert the commit') as string });
    deliver(world, service().fields);
    expect(world.condition('RolledBack')).toMatchObject({ status: 'True', reason: 'PutBack' });
    expect([world.phase, served(world)?.status, world.condition('Complete')?.status]).toEqual(['RolledBack', 'False', 'True']);
    expect(world.pruneJob.status?.serving?.current?.gpus).toBe(4);
  });

  it('is done at once where Git never delivered', () => {
    const world = emitting();
    wish(world, true);
    expect([world.phase, world.condition('RolledBack')?.status]).toEqual(['RolledBack', 'True']);
  });

  it('can be taken back', () => {
    const world = emitting({ soak: '0s' });
    deliver(world, delivered, false);
    wish(world, true);
    wish(world, false);
    expect(world.condition('RolledBack')).toMatchObject({ status: 'False', reason: 'NothingToRollBack' });
    deliver(world);
    expect(served(world)?.status).toBe('True');
  });
});
