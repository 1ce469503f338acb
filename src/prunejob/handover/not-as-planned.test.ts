import { describe, expect, it } from 'vitest';

import type { ServiceFields } from '../serving/adapter.ts';
import { denseFields, prunedFields, pruneJob, service, serving } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const another: ServiceFields = { ...denseFields, modelUri: 's3://models/v2/' };
const smaller: ServiceFields = { ...denseFields, args: ['--tensor-parallel-size=1'], gpuLimit: 1, gpuRequest: 1 };

function published(asked: Parameters<typeof serving>[0] = {}): World {
  return World.published({ pruneJob: pruneJob({ spec: { serving: serving(asked) } }) });
}

function writes(world: World): string[] {
  return world.decisions.flatMap(({ actions }) => actions).map(({ kind }) => kind).filter((kind) => ['ApplyService', 'WriteConfigMap'].includes(kind));
}

describe('a service that was changed while its model was pruned', () => {
  it.each([
    { what: 'another model', fields: another, asked: {}, says: /its model is s3:\/\/models\/v2\/, not s3:\/\/models\/tiny-moe\// },
    { what: 'another size', fields: smaller, asked: {}, says: /a replica has 1 GPUs, not 4/ },
    { what: 'no model', fields: { ...denseFields, modelUri: '' }, asked: {}, says: /names no model/ },
    { what: 'another model, with a canary asked for', fields: another, asked: { strategy: 'Canary' as const }, says: /not touched/ },
    { what: 'another model, with a patch asked for', fields: another, asked: { mode: 'Emit' as const }, says: /new PruneJob/ },
  ])('is not touched: $what', ({ fields, asked, says }) => {
    const world = published(asked);
    world.changeService({ fields });
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'ServiceChanged', message: expect.stringMatching(says) as string });
    expect([world.service.fields, writes(world)]).toEqual([fields, []]);
  });

  it('is not touched either when it changes between its saving and the first write', () => {
    const world = published();
    world.reconcile();
    world.reconcile();
    expect(world.pruneJob.status?.serving?.previous?.fields).toEqual(denseFields);
    world.changeService({ fields: another });
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('ServiceChanged');
    expect(writes(world)).toEqual([]);
  });

  it.each([
    { what: 'got more replicas', change: { replicas: 3 } },
    { what: 'runs the pruned model already', change: { fields: prunedFields, running: { modelUri: prunedFields.modelUri, gpusPerReplica: 2, tensorParallel: 2, settled: true } } },
  ])('is moved all the same when it only $what', ({ change }) => {
    const world = published();
    world.changeService(change);
    world.settle();
    world.serve();
    expect(world.phase).toBe('Complete');
  });
});

describe('a service without replicas', () => {
  it('is refused before a GPU is spent', () => {
    const world = new World({ service: service({ replicas: 0 }) });
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'UnsupportedService', message: expect.stringMatching(/scaled to 0 replicas.*at least 1/) as string });
    expect(world.observed.childJobs).toEqual([]);
  });

  it.each(['Apply', 'Emit'] as const)('is refused when its last one went meanwhile, with mode %s', (mode) => {
    const world = published({ mode });
    world.changeService({ replicas: 0 });
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('UnsupportedService');
    expect(writes(world)).toEqual([]);
  });
});

describe('a service that is scaled to no replica during its rollout', () => {
  it('is put back, and counts as back with its template', () => {
    const world = published();
    world.settle();
    const stop = () => { world.roll(false); world.changeService({ replicas: 0, running: { ...world.service.running, stopped: true } }); };
    stop();
    world.pass(1801);
    world.settle();
    expect(world.phase).toBe('RollingBack');
    stop();
    world.settle();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'True', reason: 'PutBack' });
    expect([world.service.fields, world.service.managedByUs]).toEqual([denseFields, false]);
  });
});

describe('the saving', () => {
  it.each([
    { replicas: 1, says: /on 2 GPUs instead of 4: 48 GPU-hours a day saved/ },
    { replicas: 2, says: /on 4 GPUs, and had 4 before: no GPU was freed. It has 2 replica\(s\) now, and had 1/ },
  ])('is counted from what runs: $replicas replicas', ({ replicas, says }) => {
    const world = published();
    world.settle();
    world.changeService({ replicas });
    world.serve();
    expect(world.condition('Complete')?.message).toMatch(says);
  });
});
