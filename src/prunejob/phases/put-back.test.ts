/** The end of a put-back tells apart what somebody decided from pods that did not come up: an alert asks for it. */
import { describe, expect, it } from 'vitest';

import { defaultPolicy } from '../policy.ts';
import { denseFields, prunedUri, pruneJob, service, serving } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const policy = { ...defaultPolicy, requireServiceLabel: true };

function takeBack(world: World): void {
  for (let revert = 1; revert <= 3; revert += 1) {
    world.changeService({ fields: denseFields, otherManagers: ['argocd-controller'] });
    world.settle();
  }
}

describe('a service that was put back', () => {
  it.each<{ because: string; reason: string; happen: (world: World) => void }>([
    { because: 'somebody asked for it', reason: 'RollbackRequested', happen: (world) => { world.changeSpec({ serving: serving({ rollbackRequested: true }) }); } },
    { because: 'somebody else wanted it otherwise', reason: 'ServingConflict', happen: takeBack },
    { because: 'its owner withdrew the leave', reason: 'ServiceNotAllowed', happen: (world) => { world.changeService({ allowsPrune: false }); } },
    { because: 'its pods crashed', reason: 'PutBack', happen: (world) => { world.changeService({ running: { modelUri: prunedUri, gpusPerReplica: 2, settled: false, failure: 'Pod x keeps crashing' } }); } },
    { because: 'its pods were late', reason: 'PutBack', happen: (world) => { world.roll(false); world.pass(1801); } },
  ])('because $because has the reason $reason', ({ reason, happen }) => {
    const world = World.published({ policy, service: service({ allowsPrune: true }), pruneJob: pruneJob({ spec: { serving: serving({ strategy: 'Surge' }) } }) });
    world.settle();
    happen(world);
    world.settle();
    world.pass(6);
    world.settle();
    world.roll();
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('RolledBack');
    expect(world.condition('RolledBack')).toMatchObject({ status: 'True', reason });
  });
});

describe('a service that was let go at the end, of which nothing was written down', () => {
  const bare = { modelUri: denseFields.modelUri, args: denseFields.args ?? [], gpuLimit: 4 };

  it.each<{ because: string; end: string; happen: (world: World) => void }>([
    { because: 'the run is suspended', end: 'Suspended', happen: (world) => { world.changeSpec({ suspend: true }); } },
    { because: 'a rollback is asked for', end: 'Failed', happen: (world) => { world.changeSpec({ serving: serving({ rollbackRequested: true }) }); } },
  ])('is as before when $because', ({ end, happen }) => {
    const world = World.published({ service: service({ fields: bare }) });
    world.settle();
    world.roll();
    world.settle();
    world.pass(121);
    world.loseNoteOf('ReleaseService');
    happen(world);
    world.settle();
    world.roll();
    world.settle();
    expect([world.phase, world.service.fields]).toEqual([end, bare]);
  });
});

it('a canary that is asked for still is not put back, though none of its pods is there', () => {
  const world = World.published({ pruneJob: pruneJob({ spec: { serving: serving({ strategy: 'Canary' }) } }) });
  world.settle();
  const { canary } = world.service.fields;
  world.changeSpec({ suspend: true });
  world.settle();
  world.changeService({ fields: { ...denseFields, ...(canary === undefined ? {} : { canary }) } });
  world.reconcile();
  expect([canary === undefined, world.phase]).toEqual([false, 'RollingBack']);
});
