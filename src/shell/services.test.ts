import { beforeEach, describe, expect, it } from 'vitest';
import type { Condition, PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import type { ServingObjects } from '../prunejob/observed.ts';
import type { ServiceObserved, ServiceType, ServingAdapter } from '../prunejob/serving/adapter.ts';
import type { ServiceKind } from '../prunejob/serving/registry.ts';
import { deploymentType, podType, replicaSetType } from './resources.ts';
import { serviceOf } from './services.ts';
import { emptyServingStores } from './testing/empty-stores.ts';
import { FakeClient } from './testing/fake-client.ts';
import { pruneJob, rendered, servedPruneJob } from './testing/samples.ts';

const type: ServiceType = { group: 'example.org', version: 'v1', plural: 'chats', kind: 'Chat', namespaced: true };
const chat: KubeObject = { apiVersion: 'example.org/v1', kind: 'Chat', metadata: { name: 'chat', namespace: 'ml', managedFields: [{ manager: 'kubectl' }] } };
const label = 'example.org/chat';
const observed = { replicas: 1 } as ServiceObserved;

let read: ServingObjects[];
let client: FakeClient;
let stores: ReturnType<typeof emptyServingStores>;

beforeEach(() => {
  read = [];
  client = new FakeClient();
  stores = emptyServingStores(label);
});

const adapter = { read: (objects: ServingObjects) => (read.push(objects), observed) } as unknown as ServingAdapter;
const watched: ServiceKind = { type, adapter, rendered: { label } };
const asked: ServiceKind = { type, adapter, rendered: { selector: ({ metadata }) => `app=${metadata.name}` } };
const find = (kind: ServiceKind | undefined, job: PruneJob = servedPruneJob('mixtral', 'chat')) =>
  serviceOf({ stores: { serving: new Map([[watched, stores]]) }, client, kindOf: () => kind }, job);
const over = (condition: string): PruneJob => ({ ...servedPruneJob('mixtral', 'chat'), status: { conditions: [{ type: condition, status: 'True', reason: 'r', message: 'm', lastTransitionTime: 't' }] } });

describe('the service of a PruneJob', () => {
  it('is not asked for without spec.serving', async () => {
    expect(await find(watched, pruneJob('mixtral'))).toBe('NotAsked');
  });

  it.each([
    { kind: 'is watched', row: watched },
    { kind: 'is asked for', row: asked },
    { kind: 'has no adapter', row: undefined },
  ])('is missing until it is there, where its kind $kind', async ({ row }) => {
    expect(await find(row)).toBe('Missing');
  });

  it('is read from what the caches have of it, with its managedFields', async () => {
    stores.services.upsert(chat);
    for (const service of ['chat', 'other']) {
      stores.deployments.upsert(rendered('Deployment', service, label));
      stores.replicaSets.upsert(rendered('ReplicaSet', service, label));
      stores.pods.upsert(rendered('Pod', service, label));
    }
    expect(await find(watched)).toBe(observed);
    expect(read).toEqual([{ service: chat, deployments: [rendered('Deployment', 'chat', label)], replicaSets: [rendered('ReplicaSet', 'chat', label)], pods: [rendered('Pod', 'chat', label)] }]);
    expect(client.calls).toEqual([]);
  });

  it('is asked for with what its selector finds, where no label marks that', async () => {
    client.put(type, chat).put(deploymentType, rendered('Deployment', 'chat', label)).put(replicaSetType, rendered('ReplicaSet', 'chat', label)).put(podType, rendered('Pod', 'chat', label));
    expect(await find(asked)).toBe(observed);
    expect(read).toEqual([{ service: chat, deployments: [rendered('Deployment', 'chat', label)], replicaSets: [rendered('ReplicaSet', 'chat', label)], pods: [rendered('Pod', 'chat', label)] }]);
    expect(client.calls).toEqual([{ verb: 'get', name: 'chat' }, ...['deployments', 'replicasets', 'pods'].map((name) => ({ verb: 'list', name, body: expect.objectContaining({ namespace: 'ml', labelSelector: 'app=chat' }) as unknown }))]);
  });

  it('is asked for until Git has delivered an emitted patch', async () => {
    client.put(type, chat);
    const complete = { type: 'Complete', status: 'True' as const, reason: 'Emitted', message: 'm', lastTransitionTime: 't' };
    const awaiting = { ...over('Complete'), status: { conditions: [complete] } };
    expect(await find(asked, awaiting)).toBe(observed);
    const served = { type: 'Served', status: 'True' as const, reason: 'r', message: 'm', lastTransitionTime: 't' };
    expect(await find(asked, { ...awaiting, status: { conditions: [complete, served] } })).toBe('NotAsked');
  });

  it.each([
    { when: 'asked for', rollbackRequested: true, rollout: { startedAt: 't' }, rolledBack: 'False', awaited: observed },
    { when: 'under way', rollbackRequested: false, rollout: { startedAt: 't', rollbackStartedAt: 't' }, rolledBack: 'Unknown', awaited: observed },
    { when: 'over', rollbackRequested: true, rollout: { startedAt: 't', rollbackStartedAt: 't' }, rolledBack: 'True', awaited: 'NotAsked' },
    { when: 'of a service that was never touched', rollbackRequested: true, rollout: {}, rolledBack: 'False', awaited: 'NotAsked' },
  ] as const)('is asked for after the end while a rollback is $when: $awaited', async ({ rollbackRequested, rollout, rolledBack, awaited }) => {
    client.put(type, chat);
    const { spec, status, ...job } = over('Complete');
    const told: Condition = { type: 'RolledBack', status: rolledBack, reason: 'r', message: 'm', lastTransitionTime: 't' };
    const serving = { ...spec.serving, rollbackRequested } as NonNullable<PruneJob['spec']['serving']>;
    expect(await find(asked, { ...job, spec: { ...spec, serving }, status: { serving: { rollout }, conditions: [...(status?.conditions ?? []), told] } })).toBe(awaited);
  });

  it.each(['Complete', 'Failed'])('is asked for no more once the PruneJob is %s', async (condition) => {
    expect(await find(asked, over(condition))).toBe('NotAsked');
    expect(client.calls).toEqual([]);
  });
});
