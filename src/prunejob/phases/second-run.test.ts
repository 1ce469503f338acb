/** One PruneJob after another on the same service: nothing that the first one left may vanish with what the second one writes. */
import { describe, expect, it } from 'vitest';

import type { ServingSpec } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import type { ServiceFields, ServiceObserved } from '../serving/adapter.ts';
import { denseFields, prunedFields, pruneJob, service, serving } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const receipt = '{"pruneJob":"ml/earlier","runKey":"fedcba9876543210","gpusBefore":8}';
/** As an earlier run left them, which is the only one that ever wrote them. */
const earlier: ServiceFields = { ...denseFields, receipt, stable: { minReplicas: 3 } };

function started(strategy: ServingSpec['strategy'], overrides: Partial<ServiceObserved> = {}): World {
  const world = World.published({ pruneJob: pruneJob({ spec: { serving: serving({ strategy }) } }), service: service({ fields: earlier, managedByUs: true, ...overrides }) });
  world.settle();
  return world;
}

function completed(world: World): World {
  world.rollCanary();
  world.settle();
  world.roll();
  world.changeService({ fields: world.service.fields });
  world.settle();
  world.change({ service: compact({ ...world.service, canary: undefined }) });
  world.serve();
  return world;
}

describe('a service that an earlier run left to us', () => {
  it.each([{ gitIgnoresFields: false }, { gitIgnoresFields: true }])('keeps its model beside a canary, also with $gitIgnoresFields', (overrides) => {
    const world = started('Canary', overrides);
    expect(world.service.fields.canary?.modelUri).toBe(prunedFields.modelUri);
    expect(world.service.fields).toMatchObject(compact({ ...earlier, stable: undefined }));
    expect(world.service.fields.stable?.minReplicas).toBe(4);
    expect(completed(world).phase).toBe('Complete');
    expect(world.service.fields.stable?.minReplicas).toBe(3);
  });

  it.each(['Surge', 'Recreate'] as const)('keeps its replicas with %s', (strategy) => {
    const world = started(strategy);
    expect(world.service.fields).toMatchObject({ modelUri: prunedFields.modelUri, stable: { minReplicas: 3 } });
  });

  it('is let go once, before the first write', () => {
    const world = started('Surge');
    const kinds = world.decisions.flatMap(({ actions }) => actions).map(({ kind }) => kind).filter((kind) => kind.endsWith('Service'));
    expect(kinds).toEqual(['ReleaseService', 'ApplyService']);
  });
});

describe('a run that is complete', () => {
  it('owns nothing of the service, and leaves the receipt', () => {
    const world = completed(started('Surge', { fields: denseFields, managedByUs: false }));
    expect(world.service.managedByUs).toBe(false);
    expect(world.service.fields).toEqual({ ...compact({ ...prunedFields, deploymentStrategy: undefined }), receipt: expect.stringContaining('"pruneJob":"ml/tiny"') as string });
  });

  it('keeps what Git ignores because it is ours', () => {
    expect(completed(started('Surge', { fields: denseFields, managedByUs: false, gitIgnoresFields: true })).service.managedByUs).toBe(true);
  });

  it('takes back on request what it added, too', () => {
    const fields = compact({ ...denseFields, gpuRequest: undefined });
    const world = completed(started('Surge', { fields, managedByUs: false }));
    world.changeSpec({ serving: serving({ strategy: 'Surge', rollbackRequested: true }) });
    world.settle();
    world.roll();
    world.settle();
    expect(world.phase).toBe('RolledBack');
    expect(world.service.fields).toEqual(fields);
  });
});

describe('a service that another PruneJob moved to this very model, and that is taken back during the soak', () => {
  const takenBack = (strategy: ServingSpec['strategy'], fields: ServiceFields): World => {
    const world = World.published({ pruneJob: pruneJob({ spec: { serving: serving({ strategy }) } }) });
    world.changeService({ fields: compact({ ...prunedFields, deploymentStrategy: undefined }) });
    world.roll();
    world.settle();
    expect([world.phase, world.service.managedByUs]).toEqual(['Verifying', false]);
    world.changeService({ fields });
    world.settle();
    return world;
  };

  it.each([
    { strategy: 'Canary', model: denseFields.modelUri, canary: prunedFields.modelUri },
    { strategy: 'Surge', model: prunedFields.modelUri, canary: undefined },
  ] as const)('is moved from the beginning, with $strategy', ({ strategy, model, canary }) => {
    const { service: { fields }, pruneJob: { status } } = takenBack(strategy, denseFields);
    expect([status?.serving?.previous?.uri, fields.modelUri, fields.canary?.modelUri]).toEqual([denseFields.modelUri, model, canary]);
  });

  it('is left alone where it was not planned for', () => {
    const world = takenBack('Surge', { ...denseFields, modelUri: 's3://models/another/' });
    expect([world.condition('Failed')?.reason, world.service.fields.modelUri]).toEqual(['ServiceChanged', 's3://models/another/']);
  });
});
