import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Api } from '../../crds/fixture.ts';
import { fieldManager } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { createClient, type KubeClient } from '../runtime/client.ts';
import { isInvalid } from '../runtime/errors.ts';
import type { KubeObject, ObjectRef } from '../runtime/types.ts';
import { createAct, type Act } from './act.ts';
import { inferenceServiceType } from '../prunejob/serving/kserve-types.ts';
import { claimType, jobType } from './resources.ts';
import { claim, job, pruneJob } from './testing/samples.ts';

const namespace = 'default';
const path = '/apis/stun-operator.io/v1alpha1/namespaces/default/prunejobs';
const services = '/apis/serving.kserve.io/v1beta1/namespaces/default/inferenceservices';
const kserveCRD = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'inferenceservices.serving.kserve.io' },
  spec: {
    group: 'serving.kserve.io', scope: 'Namespaced', names: { kind: 'InferenceService', plural: 'inferenceservices' },
    versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
};
type Service = KubeObject & { readonly spec: unknown };
const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', namespace, name: 'chat' };
const target: ObjectRef = { type: inferenceServiceType, namespace, name: 'chat' };
const serviceWith = (spec: object) => ({ apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: 'chat', namespace }, spec });

describe('what act relies on the API server for', () => {
  let api: Api;
  let client: KubeClient;
  let act: Act;

  beforeAll(async () => {
    api = await Api.start();
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromFile(api.server.kubeconfig);
    client = createClient({ kubeConfig, fieldManager });
    act = createAct(client);
  });
  afterAll(async () => {
    client.close();
    await api.server.stop();
  });

  const created = async (name: string) => {
    const spec = { model: { uri: 's3://models/x/' }, pruning: { experts: { ratio: 0.25 }, weights: { method: 'None' } }, output: { uri: 's3://models/p/' } };
    const verdict = await api.create(name, spec);
    expect(verdict).toHaveProperty('object');
    return verdict.object as unknown as PruneJob;
  };
  const manifest = (owner: PruneJob) => {
    const { apiVersion, kind, metadata: { name, labels = {}, ownerReferences = [] } } = job(owner, 'prune');
    const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'engine', image: 'engine' }] } } };
    return { apiVersion, kind, metadata: { name, namespace, labels, ownerReferences }, spec };
  };
  const jobNamed = (name: string) => client.get({ type: jobType, namespace, name });

  it('the finalizer goes only onto the version that was read, and leaves others alone', async () => {
    const read = await created('finalized');
    await act({ kind: 'AddFinalizer' }, read);
    await expect(act({ kind: 'AddFinalizer' }, read)).rejects.toSatisfy(isInvalid);
    await api.patch('finalized', { metadata: { finalizers: ['example.org/theirs', 'stun-operator.io/finalizer'] } });
    await act({ kind: 'RemoveFinalizer' }, (await api.server.call('GET', `${path}/finalized`)).body as PruneJob);
    expect(((await api.server.call('GET', `${path}/finalized`)).body as PruneJob).metadata.finalizers).toEqual(['example.org/theirs']);
  });

  it('a Job is created once, and a stranger of the same name is no success', async () => {
    const owner = await created('twice');
    await act({ kind: 'CreateJob', manifest: manifest(owner) }, owner);
    const first = await jobNamed('twice-prune-1');
    await act({ kind: 'CreateJob', manifest: manifest(owner) }, owner);
    expect((await jobNamed('twice-prune-1'))?.metadata.uid).toBe(first?.metadata.uid);
    const stranger = pruneJob('twice', { metadata: { namespace, uid: 'another' } });
    await expect(act({ kind: 'CreateJob', manifest: manifest(stranger) }, stranger)).rejects.toThrow('does not belong to this PruneJob');
  });

  it('a claim is created once, goes by its uid, and a stranger of the same name is no success', async () => {
    const owner = await created('scratched');
    const ref: ObjectRef = { type: claimType, namespace, name: 'scratched-scratch' };
    const uidNow = async () => (await client.get(ref))?.metadata.uid ?? '';
    await act({ kind: 'CreateClaim', manifest: claim(owner) }, owner);
    const uid = await uidNow();
    await act({ kind: 'CreateClaim', manifest: claim(owner) }, owner);
    expect(await uidNow()).toBe(uid);
    const stranger = pruneJob('scratched', { metadata: { namespace, uid: 'another' } });
    await expect(act({ kind: 'CreateClaim', manifest: claim(stranger) }, stranger)).rejects.toThrow('The PersistentVolumeClaim default/scratched-scratch exists already and does not belong');
    await act({ kind: 'DeleteClaim', name: ref.name, uid: 'earlier' }, owner);
    expect((await client.get(ref))?.metadata.deletionTimestamp).toBeUndefined();
    await act({ kind: 'DeleteClaim', name: ref.name, uid }, owner);
    // The API server protects claims; the controller that lifts it does not run here.
    expect((await client.get(ref))?.metadata.deletionTimestamp).toBeDefined();
  });

  it('a ConfigMap is created, brought up to date, and left alone where it is a stranger\'s', async () => {
    const owner = await created('emits');
    const ref: ObjectRef = { type: { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }, namespace, name: 'emits-patch' };
    const live = () => client.get<KubeObject & { readonly data?: unknown }>(ref);
    const configMap = (data: Record<string, string>, { metadata: { labels = {}, ownerReferences = [] } } = job(owner, 'prune')) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'emits-patch', namespace, labels, ownerReferences }, data });
    await act({ kind: 'WriteConfigMap', manifest: configMap({ README: '1', old: '1' }) }, owner);
    const first = await live();
    await act({ kind: 'WriteConfigMap', manifest: configMap({ README: '2' }) }, owner);
    expect(await live()).toMatchObject({ metadata: { uid: first?.metadata.uid }, data: { README: '2' } });
    expect((await live())?.data).not.toHaveProperty('old');
    const stranger = pruneJob('emits', { metadata: { namespace, uid: 'another' } });
    await expect(act({ kind: 'WriteConfigMap', manifest: configMap({ README: '3' }) }, stranger)).rejects.toThrow("exists already and is not this PruneJob's");
    await client.delete(ref);
    await api.server.call('POST', '/api/v1/namespaces/default/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'emits-patch' }, data: { theirs: '1' } });
    await expect(act({ kind: 'WriteConfigMap', manifest: configMap({ README: '4' }) }, owner)).rejects.toThrow("exists already and is not this PruneJob's");
    expect((await live())?.data).toEqual({ theirs: '1' });
  });

  it('only the incarnation that was meant is changed or deleted', async () => {
    const owner = await created('meant');
    await act({ kind: 'CreateJob', manifest: manifest(owner) }, owner);
    const uid = (await jobNamed('meant-prune-1'))?.metadata.uid ?? '';
    await act({ kind: 'DeleteJob', name: 'meant-prune-1', uid: 'earlier' }, owner);
    await expect(act({ kind: 'UpdateJob', name: 'meant-prune-1', uid: 'earlier', spec: { ttlSecondsAfterFinished: 1 } }, owner)).rejects.toSatisfy(isInvalid);
    expect((await jobNamed('meant-prune-1'))?.metadata.deletionTimestamp).toBeUndefined();
    await act({ kind: 'UpdateJob', name: 'meant-prune-1', uid, spec: { ttlSecondsAfterFinished: 5 } }, owner);
    expect(await jobNamed('meant-prune-1')).toMatchObject({ spec: { ttlSecondsAfterFinished: 5 } });
    await act({ kind: 'DeleteJob', name: 'meant-prune-1', uid }, owner);
    expect((await jobNamed('meant-prune-1'))?.metadata).toMatchObject({ finalizers: ['foregroundDeletion'] });
  });

  describe('the service', () => {
    let owner: PruneJob;
    const dense = { predictor: { model: { storageUri: 's3://models/dense/', modelFormat: { name: 'vLLM' } } } };
    const ours = serviceWith({ predictor: { model: { storageUri: 's3://models/pruned/' } } });
    const managers = async () => ((await client.get(target))?.metadata.managedFields ?? []).map(({ manager, operation }) => `${manager ?? ''} ${operation ?? ''}`);

    beforeAll(async () => {
      owner = await created('moves');
      await api.server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', kserveCRD);
      await vi.waitFor(async () => {
        expect((await api.server.call('POST', services, serviceWith(dense))).code).toBe(201);
      }, 30_000);
    });

    it('gets our fields and keeps the rest, and after the release keeps both without us', async () => {
      await act({ kind: 'ApplyService', ref, object: ours }, owner);
      expect((await client.get<Service>(target))?.spec).toEqual({ predictor: { model: { storageUri: 's3://models/pruned/', modelFormat: { name: 'vLLM' } } } });
      expect(await managers()).toContain('stun-operator Apply');
      const before = await client.get<Service>(target);
      await act({ kind: 'ReleaseService', ref }, owner);
      const after = await client.get<Service>(target);
      expect(await managers()).not.toContain('stun-operator Apply');
      expect([after?.spec, after?.metadata.generation]).toEqual([before?.spec, before?.metadata.generation]);
    });

    it('refuses a first write that was decided from what it no longer is', async () => {
      const before = await client.get<Service>(target);
      const late = { ...ours, metadata: { ...ours.metadata, resourceVersion: before?.metadata.resourceVersion ?? '' } };
      await client.apply(inferenceServiceType, serviceWith({ predictor: { model: { storageUri: 's3://models/another/' } } }));
      await expect(client.apply(inferenceServiceType, late)).rejects.toMatchObject({ code: 409 });
      expect((await client.get<Service>(target))?.spec).toMatchObject({ predictor: { model: { storageUri: 's3://models/another/' } } });
    });

    it('is not brought back by us when somebody deleted it', async () => {
      await api.server.call('DELETE', `${services}/chat`);
      await expect(act({ kind: 'ApplyService', ref, object: ours }, owner)).rejects.toThrow('InferenceService default/chat is gone');
      // Even when it goes between our read and our write: the uid binds the write to the one that was read.
      const bound = { ...ours, metadata: { ...ours.metadata, uid: '00000000-0000-4000-8000-000000000000' } };
      await expect(client.apply(inferenceServiceType, bound)).rejects.toMatchObject({ code: 409 });
      expect(await client.get(target)).toBeUndefined();
      await expect(act({ kind: 'ReleaseService', ref }, owner)).resolves.toBeUndefined();
    });
  });
});
