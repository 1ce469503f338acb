import { describe, expect, it } from 'vitest';

import { endpoint, prunedUri, pruneJob, service, serving } from '../testing/builders.ts';
import { delivered, emitting, publishing, wish } from '../testing/emitting.ts';
import { World } from '../testing/world.ts';

describe('an emitted patch', () => {
  it('ends the run, with the service as it was', () => {
    const world = emitting();
    expect(world.service).toEqual(service());
    expect(world.phase).toBe('Emitted');
    expect(world.condition('Complete')).toMatchObject({ status: 'True', reason: 'Emitted', message: expect.stringContaining('kubectl get configmap tiny-patch -n ml -o yaml') as string });
    expect(world.condition('Served')).toMatchObject({ status: 'Unknown', reason: 'AwaitingGit' });
    expect(world.pruneJob.metadata.finalizers).toEqual([]);
  });

  it('is in a ConfigMap that goes with the PruneJob, and short in the status', () => {
    const world = emitting();
    const { metadata, data } = world.configMaps.get('tiny-patch') ?? { data: {} };
    expect(metadata).toMatchObject({ namespace: 'ml', ownerReferences: [{ kind: 'PruneJob', name: 'tiny', uid: 'uid-1', controller: true }] });
    expect(Object.keys(data).sort()).toEqual(['README', 'json-patch.json', 'kustomization.yaml', 'merge-patch.yaml', 'revert-json-patch.json', 'revert-merge-patch.yaml']);
    const emitted = world.pruneJob.status?.serving?.emitted;
    expect(emitted?.configMap).toBe('tiny-patch');
    expect(JSON.parse(emitted?.patch ?? '')).toMatchObject({ kind: 'InferenceService', metadata: { name: 'tiny-moe' }, spec: { predictor: { model: { storageUri: prunedUri, args: ['--tensor-parallel-size=2'] } } } });
    expect(JSON.stringify(emitted)).not.toContain('deploymentStrategy');
  });

  it('is only in the ConfigMap where it is longer than the status has room for', () => {
    const world = publishing();
    world.changeService({ fields: { ...world.service.fields, args: ['--tensor-parallel-size=4', `--chat-template=${'x'.repeat(8192)}`] } });
    world.settle();
    expect(world.pruneJob.status?.serving?.emitted).toEqual({ configMap: 'tiny-patch' });
  });

  it('waits for a ready pod that can be asked, so that its new pods have to answer too', () => {
    const world = publishing({}, { service: service({ running: { ...service().running, settled: false, endpoints: [] } }) });
    world.settle();
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'WaitingForPod', message: expect.stringContaining('before the patch is emitted') as string });
    expect(world.configMaps.size).toBe(0);
    world.pass(500);
    world.changeService({ running: { ...service().running, endpoints: [endpoint('old')] } });
    world.change({ answers: { old: { answered: true } } });
    world.settle();
    expect([world.phase, world.pruneJob.status?.serving?.previous?.answered]).toEqual(['Emitted', true]);
  });

  it('comes out without one after serving.waitFor, and says what will not be seen', () => {
    const world = publishing({}, { service: service({ running: { ...service().running, settled: false, endpoints: [] } }) });
    world.settle();
    world.pass(600);
    world.settle();
    expect(world.condition('Complete')).toMatchObject({ reason: 'Emitted', message: expect.stringMatching(/not touched\. No completion will be asked of its new pods, because .*no pod of it was ready to be asked\.$/) as string });
  });

  it.each([
    { what: 'fields that Git owns', overrides: { gitOwners: [{ manager: 'argocd-controller', fields: ['spec'] }] } },
    { what: 'the strategy, which is Git\'s affair', overrides: { unsuited: { Surge: 'cannot' } } },
  ])('is not refused for $what', ({ overrides }) => {
    const world = publishing({}, { service: service(overrides) });
    world.settle();
    expect(world.phase).toBe('Emitted');
  });

  it('needs no spare GPU of the cluster, but one that is saved', () => {
    const full = [{ name: 'gpu-0', memoryMiB: 5, allocatableGPUs: 4, ready: true, schedulable: true }];
    const world = publishing({}, { nodes: full });
    world.settle();
    expect(world.phase).toBe('Emitted');
    const small = new World({ pruneJob: pruneJob({ spec: { serving: serving({ mode: 'Emit' }) } }), service: service({ fields: { ...service().fields, gpuLimit: 2 } }) });
    small.settle();
    small.inspected();
    small.settle();
    expect(small.condition('Failed')?.reason).toBe('NoGPUSaved');
  });

  it('waits for a service that is gone, and refuses one that cannot be judged', () => {
    const world = publishing();
    world.change({ service: 'Missing' });
    world.settle();
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'ServiceNotFound' });
    world.change({ service: service({ refusal: { reason: 'UnsupportedService', message: 'It is stopped.' } }) });
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'UnsupportedService', message: 'It is stopped.' });
  });

  it('is none where the service asks for the model already', () => {
    const world = publishing({ soak: '0s' });
    world.changeService({ fields: delivered });
    world.settle();
    expect(world.configMaps.size).toBe(0);
    expect(world.pruneJob.status?.serving).not.toHaveProperty('emitted');
    world.roll();
    world.settle();
    expect(world.condition('Served')?.status).toBe('True');
  });

  it('is never made for a run whose rollback was asked for before', () => {
    const world = publishing();
    wish(world, true);
    expect([world.condition('Failed')?.reason, world.configMaps.size]).toEqual(['RolledBack', 0]);
  });
});
