/** Whole lives of a PruneJob, from apply to the end, in the small world of testing/world.ts. */
import { describe, expect, it } from 'vitest';

import { compact } from './compact.ts';
import { facts, prunedFields, prunedUri, pruneJob, result, serving, spec, withoutServing } from './testing/builders.ts';
import { World } from './testing/world.ts';

describe('a run with a service', () => {
  it('inspects, plans, prunes, publishes, moves the service and completes', () => {
    const world = new World();
    world.settle();
    expect(world.phase).toBe('Inspecting');
    world.inspected();
    world.settle();
    expect(world.pruneJob.status?.plan?.gpus).toBe('4→2');
    expect(world.phase).toBe('Queued');
    world.start('prune');
    world.settle();
    expect(world.phase).toBe('Pruning');
    world.pruned();
    world.settle();
    expect(world.service.fields).toEqual({ ...prunedFields, receipt: expect.stringContaining('ml/tiny') as string });
    expect(world.phase).toBe('RollingOut');
    world.roll();
    world.settle();
    expect(world.phase).toBe('Verifying');
    world.pass(121);
    world.settle();
    expect(world.phase).toBe('Complete');
    expect(world.condition('Served')?.status).toBe('True');
    expect(world.pruneJob.status?.result?.uri).toBe(prunedUri);
    expect(world.pruneJob.metadata.finalizers).toEqual([]);
  });

  it('gives the service its own way of replacing pods back', () => {
    const world = World.completed();
    expect(world.service.fields).toEqual({ modelUri: prunedUri, args: ['--tensor-parallel-size=2'], gpuLimit: 2, gpuRequest: 2, receipt: expect.stringContaining('ml/tiny') as string });
  });

  it('skips the GPU when the result is published already', () => {
    const world = new World();
    world.settle();
    world.inspected({ existing: result({ reused: true }) });
    world.settle();
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect']);
    expect(world.service.fields.modelUri).toBe(prunedUri);
    expect(world.condition('Pruned')?.reason).toBe('Reused');
  });

  it('applied again over its own result, completes with the same plan', () => {
    const first = World.completed();
    const receipt = { pruneJob: 'ml/tiny', runKey: facts().runKey, manifestDigest: '', previousUri: 's3://models/tiny-moe/', gpusBefore: 4, gpusAfter: 2 };
    const again = new World({ service: { ...first.service, receipt } });
    again.settle();
    again.inspected({ existing: result({ reused: true }) });
    again.settle();
    again.pass(121);
    again.settle();
    expect(again.phase).toBe('Complete');
    expect(again.pruneJob.status?.plan?.gpus).toBe('4→2');
  });

  it('stops after the plan when only a plan is asked for', () => {
    const world = new World({ pruneJob: pruneJob({ spec: { planOnly: true } }) });
    world.settle();
    world.inspected();
    world.settle();
    expect(world.phase).toBe('Complete');
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect']);
    expect(world.service.managedByUs).toBe(false);
  });

  it('refuses a plan that saves nothing, and never asks for a GPU', () => {
    const { pruning } = spec();
    const world = new World({ pruneJob: pruneJob({ spec: { pruning: { ...pruning, experts: { ...pruning.experts, ratio: 0.1 } } } }) });
    world.settle();
    world.inspected();
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('NoGPUSaved');
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect']);
  });
});

describe('a run without a service', () => {
  it('goes straight to the GPU and ends with the published model', () => {
    const world = new World({ pruneJob: { ...pruneJob(), spec: withoutServing() }, service: 'NotAsked' });
    world.settle();
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['prune']);
    world.start('prune');
    world.settle();
    world.pruned();
    world.settle();
    expect(world.phase).toBe('Complete');
    expect(world.pruneJob.status?.runKey).toBe(result().runKey);
  });
});

describe('what is not there yet', () => {
  it.each([
    { what: 'service', missing: { service: 'Missing' } as const, reason: 'ServiceNotFound' },
    { what: 'ServiceAccount', missing: { serviceAccount: 'Missing' } as const, reason: 'ServiceAccountNotFound' },
    { what: 'ServiceAccount that is offered', missing: { serviceAccount: 'NotARunner' } as const, reason: 'ServiceAccountNotAllowed' },
  ])('a $what is waited for, then named', ({ missing, reason }) => {
    const world = new World(missing);
    world.settle();
    expect(world.condition('Planned')).toMatchObject({ status: 'False', reason });
    expect(world.phase).toBe('Pending');
    world.pass(601);
    world.settle();
    expect(world.condition('Failed')?.reason).toBe(reason);
  });

  it('a ServiceAccount is offered by the command of the message', () => {
    const world = new World({ serviceAccount: 'NotARunner' });
    world.settle();
    expect(world.condition('Planned')?.message).toContain('kubectl --namespace ml label serviceaccount default stun-operator.io/runner=true');
  });

  it('goes on when it comes in time', () => {
    const world = new World({ service: 'Missing', pruneJob: pruneJob({ spec: { serving: serving({ waitFor: '1h' }) } }) });
    world.settle();
    world.pass(1000);
    world.change({ service: new World().service });
    world.settle();
    expect(world.phase).toBe('Inspecting');
  });
});

describe('waits in a row', () => {
  it('each have their whole time, whatever the one before took', () => {
    const world = new World({ service: 'Missing' });
    world.settle();
    world.pass(599);
    world.change({ service: new World().service, serviceAccount: 'Missing' });
    world.settle();
    expect(world.condition('Planned')).toMatchObject({ status: 'False', reason: 'ServiceAccountNotFound' });
    world.pass(599);
    world.settle();
    expect(world.condition('Failed')).toBeUndefined();
    world.pass(2);
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('ServiceAccountNotFound');
  });

  it('count nothing of the hours behind another PruneJob of the same run', () => {
    const world = new World();
    world.settle();
    world.inspected();
    world.change({ sameRun: { namespace: 'ml', name: 'older' } });
    world.settle();
    world.pass(7200);
    world.observed = compact({ ...world.observed, sameRun: undefined, serviceAccount: 'Missing' as const });
    world.settle();
    expect(world.condition('Queued')).toMatchObject({ status: 'True', reason: 'ServiceAccountNotFound' });
    expect(world.condition('Failed')).toBeUndefined();
  });
});

describe('a refused model', () => {
  it('is cleaned away before the run fails with the gate\'s own sentence', () => {
    const world = new World();
    world.settle();
    world.inspected();
    world.settle();
    world.end('prune', { exitCode: 4, message: { kind: 'Error', reason: 'QualityRefused', message: 'Perplexity rises too much.' } });
    world.settle();
    expect(world.observed.childJobs.at(-1)?.stage).toBe('clean');
    expect(world.phase).toBe('Pruning');
    world.end('clean', { exitCode: 0 });
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'QualityRefused', message: 'Perplexity rises too much.' });
    expect(world.service.managedByUs).toBe(false);
  });
});

describe('two PruneJobs of one run', () => {
  it('the younger waits for the older', () => {
    const world = new World();
    world.settle();
    world.inspected();
    world.change({ sameRun: { namespace: 'ml', name: 'older' } });
    world.settle();
    expect(world.condition('Queued')).toMatchObject({ status: 'True', reason: 'SameRunInProgress' });
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect']);
    world.observed = compact({ ...world.observed, sameRun: undefined });
    world.settle();
    expect(world.observed.childJobs.map(({ stage }) => stage)).toEqual(['inspect', 'prune']);
  });

  it('a refused one is cleaned up by who goes on with the run, and by itself once who would not is gone', () => {
    const world = new World();
    world.settle();
    world.inspected();
    world.settle();
    world.change({ sameRun: { namespace: 'ml', name: 'older', isBeingDeleted: true } });
    world.end('prune', { exitCode: 4, message: { kind: 'Error', reason: 'QualityRefused', message: 'Perplexity rises too much.' } });
    world.settle();
    expect(world.phase).toBe('Pruning');
    expect(world.observed.childJobs.at(-1)?.stage).toBe('prune');
    world.observed = compact({ ...world.observed, sameRun: undefined });
    world.settle();
    expect(world.observed.childJobs.at(-1)?.stage).toBe('clean');
  });
});
