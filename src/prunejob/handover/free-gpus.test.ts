import { describe, expect, it } from 'vitest';

import { gpusRequested, wantsFreeGPUs } from './free-gpus.ts';
import type { Container } from '../kube.ts';
import type { GPUNode } from '../observed.ts';
import { gpus } from '../serving/testing/samples.ts';
import { denseFields, prunedFields, prunedUri, pruneJob, secondsBefore, service, serving, spec } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const container = (count: number, overrides: Partial<Container> = {}): Container => ({ name: 'c', resources: gpus(count), ...overrides });

describe('the GPUs of a pod', () => {
  it.each([
    { of: 'nothing', pod: {}, count: 0 },
    { of: 'its containers together', pod: { containers: [container(2), container(1), { name: 'proxy' }] }, count: 3 },
    { of: 'an init container that needs more', pod: { initContainers: [container(4), container(1)], containers: [container(2)] }, count: 4 },
    { of: 'an init container that stays', pod: { initContainers: [container(1, { restartPolicy: 'Always' })], containers: [container(2)] }, count: 3 },
    { of: 'a limit alone', pod: { containers: [{ name: 'c', resources: { limits: { 'nvidia.com/gpu': '2' } } }] }, count: 2 },
  ])('are those of $of', ({ pod, count }) => {
    expect(gpusRequested({ metadata: { name: 'p' }, spec: pod })).toBe(count);
  });
});

describe('free GPUs are counted', () => {
  const published = { conditions: [{ type: 'Published', status: 'True', reason: 'r', message: 'm', lastTransitionTime: secondsBefore(1) }] } as const;

  it.each([
    { when: 'right before a surge', status: published, strategy: 'Surge', wanted: true },
    { when: 'right before a canary', status: published, strategy: 'Canary', wanted: true },
    { when: 'before a Recreate', status: published, strategy: 'Recreate', wanted: false },
    { when: 'once the rollout began', status: { ...published, serving: { rollout: { startedAt: secondsBefore(1) } } }, strategy: 'Surge', wanted: false },
    { when: 'before the model is published', status: {}, strategy: 'Surge', wanted: false },
  ] as const)('$when: $wanted', ({ status, strategy, wanted }) => {
    expect(wantsFreeGPUs(pruneJob({ spec: { serving: serving({ strategy }) }, status: { ...status, conditions: [...('conditions' in status ? status.conditions : [])] } }))).toBe(wanted);
  });
});

describe('a rollout', () => {
  const node = (name: string, overrides: Partial<GPUNode> = {}): GPUNode => ({ name, product: 'NVIDIA-H100-80GB-HBM3', memoryMiB: 5, allocatableGPUs: 8, ready: true, schedulable: true, labels: { pool: 'serving' }, ...overrides });
  const two = [node('gpu-0'), node('gpu-1')];

  function published(strategy: 'Surge' | 'Canary', gpuRequests: Record<string, number> | 'Forbidden', nodes: readonly GPUNode[] = two, changes = {}): World {
    const world = World.published({ nodes, pruneJob: pruneJob({ spec: { ...spec(), serving: serving({ strategy }) } }), service: service({ fields: denseFields, ...changes }) });
    world.change({ gpuRequests });
    world.settle();
    return world;
  }

  const begun = (world: World): boolean => world.pruneJob.status?.serving?.rollout?.startedAt !== undefined;

  it.each([
    { strategy: 'Surge', requests: { 'gpu-0': 8, 'gpu-1': 6 }, fits: true, why: 'one node has 2' },
    { strategy: 'Surge', requests: { 'gpu-0': 7, 'gpu-1': 7 }, fits: false, why: '2 are free, 1 on each node' },
    { strategy: 'Canary', requests: { 'gpu-0': 6, 'gpu-1': 6 }, fits: true, why: 'each node takes one pod' },
    { strategy: 'Canary', requests: { 'gpu-0': 8, 'gpu-1': 6 }, fits: false, why: 'the canary would take the room of the surge' },
    { strategy: 'Canary', requests: { 'gpu-0': 4, 'gpu-1': 8 }, fits: true, why: 'one node takes both' },
    { strategy: 'Surge', requests: { 'gpu-0': 9, 'gpu-1': 7 }, fits: false, why: 'more is asked for than there is' },
    { strategy: 'Surge', requests: {}, fits: true, why: 'all is free' },
    { strategy: 'Surge', requests: 'Forbidden', fits: true, why: 'nobody may count' },
  ] as const)('by $strategy begins: $fits, because $why', ({ strategy, requests, fits }) => {
    expect(begun(published(strategy, requests))).toBe(fits);
  });

  it.each([
    { what: 'takes no pods', changes: { schedulable: false } },
    { what: 'is not ready', changes: { ready: false } },
    { what: 'has other cards', changes: { product: 'NVIDIA-L4' } },
    { what: 'has a taint that its pods do not tolerate', changes: { taints: [{ key: 'team', value: 'training', effect: 'NoSchedule' }] } },
    { what: 'its pods do not select', changes: { labels: { pool: 'training' } } },
  ])('does not count on a node that $what', ({ changes }) => {
    const placement = { placement: { nodeSelector: { pool: 'serving' } } };
    const nodes = [node('gpu-0', { allocatableGPUs: 16 }), node('gpu-1', changes)];
    expect(begun(published('Surge', { 'gpu-0': 8 }, nodes, placement))).toBe(true);
    expect(begun(published('Surge', { 'gpu-0': 15 }, nodes, placement))).toBe(false);
  });

  it('waits for GPUs, and begins when there are enough', () => {
    const world = published('Canary', { 'gpu-0': 8, 'gpu-1': 5 });
    expect(world.condition('Served')).toMatchObject({
      status: 'False', reason: 'WaitingForGPUs',
      message: expect.stringMatching(/^Strategy Canary needs 2 × 2 free GPUs, each 2 of them on one node; the nodes that take its pods have 3 free, at most 3 on one\./) as string,
    });
    expect(world.service.fields).toEqual(denseFields);
    world.pass(599);
    world.change({ gpuRequests: { 'gpu-0': 8, 'gpu-1': 4 } });
    world.settle();
    expect(world.service.fields.canary).toBeDefined();
  });

  it('fails when there are none for as long as serving.waitFor, and the service was not touched', () => {
    const world = published('Surge', { 'gpu-0': 8, 'gpu-1': 8 });
    world.pass(601);
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'GPUsUnavailable', message: expect.stringContaining('another PruneJob with serving.strategy: Recreate') as string });
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'GPUsUnavailable' });
    expect(world.service.fields).toEqual(denseFields);
  });

  it('names no strategy that the service cannot be moved by', () => {
    const world = published('Surge', { 'gpu-0': 8, 'gpu-1': 8 }, two, { unsuited: { Recreate: 'has no field for it' } });
    expect(world.condition('Served')?.message).toMatch(/Free GPUs\.$/);
  });

  it('of a service that runs the model already needs none', () => {
    const running = { modelUri: prunedUri, gpusPerReplica: 2, tensorParallel: 2, settled: true };
    const world = World.published();
    world.changeService({ fields: prunedFields, running });
    world.change({ gpuRequests: { 'gpu-0': 8 } });
    world.settle();
    expect(begun(world)).toBe(true);
  });

  it.each([
    { what: 'pods', requests: 'Forbidden', nodes: two, told: 1 },
    { what: 'nodes', requests: { 'gpu-0': 8 }, nodes: 'NotRead', told: 1 },
    { what: 'nothing', requests: {}, nodes: two, told: 0 },
  ] as const)('says when it begins that nobody could count, where $what may not be listed', ({ requests, nodes, told }) => {
    const world = World.published();
    world.change({ gpuRequests: requests, nodes });
    world.settle();
    const notes = world.decisions.flatMap(({ events }) => events.map(({ note }) => note)).filter((note) => note.includes('was not counted'));
    expect([begun(world), notes.length]).toEqual([true, told]);
  });
});
