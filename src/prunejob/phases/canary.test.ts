import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import { denseFields, endpoint, prunedFields, prunedUri, pruneJob, serving, service, spec } from '../testing/builders.ts';
import type { InferenceService, Predictor } from '../serving/kserve-types.ts';
import { World } from '../testing/world.ts';

const canaryFields = { modelUri: prunedUri, args: ['--tensor-parallel-size=2'], gpuLimit: 2, gpuRequest: 2, receipt: expect.stringContaining('"gpusAfter":2') as string };

function published(fields = denseFields): World {
  const world = World.published({ pruneJob: pruneJob({ spec: { ...spec(), serving: serving({ strategy: 'Canary' }) } }), service: service({ fields }) });
  world.settle();
  return world;
}

/** Of the service itself, in every write. */
function predictors(world: World): Predictor[] {
  return world.decisions.flatMap(({ actions }) => actions).flatMap((action) => (action.kind === 'ApplyService' ? [(action.object as InferenceService).spec?.predictor ?? {}] : []));
}

/** Past the seconds in which a write that nobody saw is repeated. */
function settled(world: World): void {
  world.settle();
  world.pass(6);
  world.settle();
}

describe('a canary', () => {
  it('runs beside a service that is not touched', () => {
    const world = published();
    expect(world.service.fields).toEqual({ ...denseFields, canary: canaryFields });
    world.rollCanary({ settled: false, pending: 'has 0 of 1 replicas updated and 0 available' });
    world.settle();
    expect(world.condition('Served')).toMatchObject({ status: 'Unknown', message: 'The canary has 0 of 1 replicas updated and 0 available.' });
    expect(world.service.fields.modelUri).toBe(denseFields.modelUri);
  });

  it('is followed by the service, stays until the service runs what it runs, and goes before the soak', () => {
    const world = published();
    world.rollCanary();
    world.settle();
    expect(world.service.fields).toMatchObject({ ...prunedFields, canary: canaryFields });
    expect(world.service.canary).toBeDefined();
    world.roll();
    world.reconcile();
    expect(world.service.fields.canary).toBeUndefined();
    expect(world.condition('Served')?.status).toBe('Unknown');
    world.settle();
    world.pass(121);
    world.settle();
    expect(world.phase).toBe('Complete');
    expect(world.service.fields).toMatchObject({ modelUri: prunedUri, gpuLimit: 2 });
    expect(world.service.fields.deploymentStrategy).toBeUndefined();
  });

  it('whose pods have not gone keeps the run from its soak: they hold GPUs', () => {
    const world = published();
    world.rollCanary();
    world.settle();
    world.roll();
    world.reconcile();
    world.changeService({ canary: { modelUri: prunedUri, gpusPerReplica: 2, settled: false } });
    world.settle();
    world.pass(600);
    world.settle();
    expect(world.phase).toBe('RollingOut');
    expect(world.condition('Served')?.message).toBe('The pods of the canary are going.');
    world.pass(1200);
    world.settle();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'Unknown', message: expect.stringContaining('not gone within serving.timeout') as string });
  });

  it('that may not be taken away holds its GPUs no longer than the timeout', () => {
    const world = published();
    world.rollCanary();
    world.settle();
    world.roll();
    world.pass(1801);
    expect(world.reconcile().actions).toEqual([]);
    expect(world.condition('RolledBack')).toMatchObject({ status: 'Unknown', reason: 'RolloutTimedOut' });
  });

  it.each([
    { what: 'crashes', spoil: (world: World) => { world.rollCanary({ settled: false, failure: 'Pod x keeps crashing' }); }, cause: /keeps crashing/ },
    { what: 'is late', spoil: (world: World) => { world.rollCanary({ settled: false }); world.pass(1801); }, cause: /The canary was not ready within serving.timeout/ },
    { what: 'never appears', spoil: (world: World) => { world.pass(1801); }, cause: /has no Deployment yet/ },
  ])('that $what is taken away, and the service was never touched', ({ spoil, cause }) => {
    const world = published();
    spoil(world);
    settled(world);
    expect(world.service.fields).toEqual(denseFields);
    expect(world.condition('Failed')).toMatchObject({ reason: 'RolledBack', message: expect.stringMatching(cause) as string });
    expect(predictors(world).filter(({ model }) => model?.storageUri === prunedUri)).toEqual([]);
  });

  it('that does not answer as the service does keeps the service from being touched, and is taken away in the end', () => {
    const world = World.published({ pruneJob: pruneJob({ spec: { ...spec(), serving: serving({ strategy: 'Canary' }) } }), service: service({ running: { ...service().running, endpoints: [endpoint('old')] } }) });
    world.change({ answers: { old: { answered: true } } });
    world.settle();
    world.rollCanary({ endpoints: [endpoint('canary')] });
    world.settle();
    expect(world.condition('Served')?.message).toBe('The canary is asked for a completion.');
    world.change({ answers: { canary: { answered: false, why: 'answers a completion with 500', tries: 1 } } });
    world.pass(1801);
    settled(world);
    expect(world.decisions.flatMap(({ status }) => status.conditions ?? [])).toContainEqual(expect.objectContaining({ type: 'RolledBack', reason: 'NotAnswering' }));
    expect(world.condition('Failed')?.message).toContain('It does not answer completions, as it did before: pod canary answers a completion with 500.');
    expect(predictors(world).filter(({ model }) => model?.storageUri === prunedUri)).toEqual([]);
  });

  it('that answers is followed by the service', () => {
    const world = World.published({ pruneJob: pruneJob({ spec: { ...spec(), serving: serving({ strategy: 'Canary' }) } }), service: service({ running: { ...service().running, endpoints: [endpoint('old')] } }) });
    world.change({ answers: { old: { answered: true } } });
    world.settle();
    world.rollCanary({ endpoints: [endpoint('canary')] });
    world.change({ answers: { canary: { answered: true } } });
    world.settle();
    expect(world.service.fields.modelUri).toBe(prunedUri);
  });

  it('that somebody takes away three times ends the rollout as a conflict', () => {
    const world = published();
    for (let revert = 1; revert <= 3; revert += 1) {
      expect(world.service.fields.canary).toBeDefined();
      world.changeService({ fields: denseFields, otherManagers: ['argocd-controller'] });
      world.pass(16);
      world.settle();
    }
    expect(world.condition('ServingConflict')?.status).toBe('True');
    expect(world.service.fields).toEqual(denseFields);
  });

  it('is made again when the service was changed meanwhile, and the change is what is kept', () => {
    const world = published();
    const changed = { ...denseFields, args: ['--max-model-len=4096', '--tensor-parallel-size=4'] };
    world.changeService({ fields: compact({ ...changed, canary: world.service.fields.canary }) });
    world.settle();
    expect(world.service.fields).toEqual({ ...changed, canary: { ...canaryFields, args: ['--max-model-len=4096', '--tensor-parallel-size=2'] } });
    expect(world.pruneJob.status?.serving?.previous?.fields).toEqual(changed);
  });

  it.each([
    { what: 'suspended', act: (world: World) => { world.changeSpec({ suspend: true }); }, over: (world: World) => world.phase === 'Suspended' },
    { what: 'deleted', act: (world: World) => { world.remove(); }, over: (world: World) => world.pruneJob.metadata.finalizers?.length === 0 },
  ])('is taken out of the service when the run is $what midway', ({ act, over }) => {
    const world = published();
    world.rollCanary();
    act(world);
    settled(world);
    expect(world.service.fields).toEqual(denseFields);
    expect(over(world)).toBe(true);
  });
});

describe('a canary beside several replicas', () => {
  const stable = { minReplicas: 3, modelFormat: { name: 'huggingface' } };

  it('takes none of them: KServe counts it as one, so one more is asked for, and given back', () => {
    const world = published({ ...denseFields, stable });
    const replicas = () => predictors(world).map(({ minReplicas }) => minReplicas);
    expect(replicas()).toEqual([4]);
    world.rollCanary();
    world.settle();
    world.serve();
    expect(world.phase).toBe('Complete');
    expect(replicas()).toEqual([4, 4, 3, 3]);
  });

  const replicas = (world: World) => predictors(world).map(({ minReplicas }) => minReplicas);

  it.each([
    { who: 'scales up', before: 3, to: 6, wrote: [4] },
    { who: 'scales down', before: 3, to: 2, wrote: [4] },
    { who: 'scales up a service that had one replica', before: 1, to: 6, wrote: [undefined] },
  ])('leaves them alone when somebody $who meanwhile', ({ before, to, wrote }) => {
    const world = published({ ...denseFields, stable: { ...stable, minReplicas: before } });
    world.changeService({ fields: { ...world.service.fields, stable: { ...stable, minReplicas: to } } });
    world.pass(16);
    world.settle();
    expect(world.pruneJob.status?.serving?.rollout?.reverts).toBeUndefined();
    world.rollCanary();
    world.settle();
    world.serve();
    expect(world.phase).toBe('Complete');
    expect(replicas(world)).toEqual([...wrote, ...replicas(world).slice(1).map(() => undefined)]);
    expect(world.service.fields.stable?.minReplicas).toBe(to);
  });

  it('leaves a value of somebody else alone on the way back too, and remembers that it is theirs', () => {
    const world = published({ ...denseFields, stable });
    world.changeService({ fields: { ...world.service.fields, stable: { ...stable, minReplicas: 6 } } });
    world.settle();
    expect(world.pruneJob.status?.serving?.previous?.fields).toEqual({ ...denseFields, stable: { modelFormat: stable.modelFormat } });
    world.rollCanary({ settled: false, failure: 'Pod x keeps crashing' });
    settled(world);
    expect(world.condition('Failed')?.reason).toBe('RolledBack');
    expect(world.service.fields.stable?.minReplicas).toBe(6);
  });

  it('saves those that were asked for, not the raised ones, when the service is changed meanwhile', () => {
    const world = published({ ...denseFields, stable });
    world.changeService({ fields: { ...world.service.fields, args: ['--max-model-len=4096', '--tensor-parallel-size=4'] } });
    world.settle();
    expect(world.pruneJob.status?.serving?.previous?.fields).toMatchObject({ stable });
    expect(replicas(world)).toEqual([4, 4]);
  });
});
