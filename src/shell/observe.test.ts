import { beforeEach, describe, expect, it } from 'vitest';
import type { PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { EngineProgress } from '../prunejob/observed.ts';
import { defaultPolicy } from '../prunejob/policy.ts';
import { systemClock } from '../runtime/clock.ts';
import { emptyStores, type EmptyStores } from './testing/empty-stores.ts';
import { FakeClient } from './testing/fake-client.ts';
import { createObserve } from './observe.ts';
import { podType, serviceAccountType } from './resources.ts';
import { claim, job, podOf, pruneJob } from './testing/samples.ts';
import { ServiceAccounts } from './service-accounts.ts';
import type { LiveJob, LiveNode, LivePod } from './stores.ts';

let stores: EmptyStores;
let client: FakeClient;
const latest = new Map<string, EngineProgress>();

beforeEach(() => {
  stores = emptyStores();
  client = new FakeClient();
  latest.clear();
});

const observe = (key: string) => {
  const serviceAccounts = new ServiceAccounts(client, systemClock, defaultPolicy);
  const engine = { image: 'e', serviceAccountName: 'default' };
  return createObserve({ stores, client, serviceAccounts, progressOf: (uid) => latest.get(uid), workingOn: () => [], kindOf: () => undefined, engine, policy: defaultPolicy })(key);
};

describe('createObserve', () => {
  it('sees nothing where there is no PruneJob', async () => {
    expect(await observe('ml/none')).toBeUndefined();
  });

  it.each([
    { what: 'still runs', phase: 'Running', seen: [{ stage: 'prune', attempt: 2, deleted: true, pods: 1 }] },
    { what: 'has ended', phase: 'Failed', seen: [] },
  ])('sees a Job that is gone while its pod is there, as one that is being deleted: a pod that $what', async ({ phase, seen }) => {
    const run = pruneJob('mixtral');
    stores.pruneJobs.upsert(run);
    stores.enginePods.upsert(podOf(job(run, 'prune', 2), { phase }));
    const children = (await observe('ml/mixtral'))?.childJobs ?? [];
    expect(children.map(({ stage, attempt, job: { metadata }, pods }) => ({ stage, attempt, deleted: metadata.deletionTimestamp !== undefined, pods: pods.length }))).toEqual(seen);
  });

  it('finds the Jobs that the PruneJob controls, with their pods, and no others', async () => {
    const run = pruneJob('mixtral');
    const earlier = pruneJob('mixtral', { metadata: { uid: 'earlier' } });
    const inspect = job(run, 'inspect');
    stores.pruneJobs.upsert(run);
    stores.jobs.upsert(inspect);
    stores.jobs.upsert(job(earlier, 'prune', 2));
    stores.jobs.upsert({ ...job(run, 'prune', 3), metadata: { ...job(run, 'prune', 3).metadata, labels: {} } });
    stores.jobs.upsert({ ...job(run, 'prune', 4), metadata: { ...job(run, 'prune', 4).metadata, namespace: 'elsewhere' } });
    stores.enginePods.upsert(podOf(inspect));
    expect((await observe('ml/mixtral'))?.childJobs).toEqual([{ stage: 'inspect', attempt: 1, job: inspect, pods: [podOf(inspect)] }]);
  });

  it.each([
    { what: 'its own claim', seen: true },
    { what: 'the claim of one of the same name that was deleted', owner: { uid: 'earlier' }, seen: false },
    { what: 'a claim in another namespace', changes: { namespace: 'elsewhere' }, seen: false },
    { what: 'another claim that names it as its owner', changes: { name: 'models' }, seen: false },
  ])('sees $what: $seen', async ({ owner = {}, changes = {}, seen }) => {
    stores.pruneJobs.upsert(pruneJob('mixtral'));
    const made = claim(pruneJob('mixtral', { metadata: owner }));
    const scratch = { ...made, metadata: { ...made.metadata, ...changes } };
    stores.claims.upsert(scratch);
    expect((await observe('ml/mixtral'))?.scratch?.metadata).toEqual(seen ? scratch.metadata : undefined);
  });

  describe('the pods of a Job that ended', () => {
    const ended = (type: string, status?: PruneJobStatus) => {
      const run = pruneJob('mixtral', status === undefined ? {} : { status });
      const child = { ...job(run, 'prune'), status: { conditions: [{ type, status: 'True' }] } };
      stores.pruneJobs.upsert(run);
      stores.jobs.upsert(child);
      return child;
    };
    const pod = (child: LiveJob, phase: string, name = 'a'): LivePod => ({ ...podOf(child, { phase }), metadata: { ...podOf(child).metadata, name, uid: name } });
    const seen = async () => (await observe('ml/mixtral'))?.childJobs[0]?.pods.map(({ status }) => status?.phase);
    const lists = () => client.calls.filter((call) => call.verb === 'list');

    it.each([
      { what: 'a Complete Job whose pod is still seen running', type: 'Complete', cached: ['Running'], asked: true },
      { what: 'a Complete Job of which only the failed try was seen', type: 'Complete', cached: ['Failed'], asked: true },
      { what: 'a Complete Job without a pod', type: 'Complete', cached: [], asked: true },
      { what: 'a Complete Job whose pod was seen to succeed', type: 'Complete', cached: ['Failed', 'Succeeded'], asked: false },
      { what: 'a Failed Job with a pod that is still seen running', type: 'Failed', cached: ['Failed', 'Running'], asked: true },
      { what: 'a Failed Job whose pods all ended', type: 'Failed', cached: ['Failed', 'Failed'], asked: false },
      { what: 'a Job that still works', type: 'Suspended', cached: ['Running'], asked: false },
    ])('are asked for, $asked, of $what', async ({ type, cached, asked }) => {
      const child = ended(type);
      cached.forEach((phase, index) => { stores.enginePods.upsert(pod(child, phase, `${index}`)); });
      client.put(podType, pod(child, 'Live')).put(podType, { ...pod(job(pruneJob('other'), 'prune'), 'Foreign', 'other') });
      expect(await seen()).toEqual(asked ? ['Live'] : cached);
    });

    it('are of no interest once the PruneJob is over', async () => {
      ended('Complete', { conditions: [{ type: 'Complete', status: 'True', reason: 'Finished', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' }] });
      expect(await seen()).toEqual([]);
      expect(lists()).toEqual([]);
    });
  });

  describe('service account', () => {
    const offered = { 'stun-operator.io/runner': 'true' };
    const account = (name: string, labels: Readonly<Record<string, string>> = offered) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'ml', labels }, secrets: [{ name: 's3' }, {}] });

    it('is missing until it is there', async () => {
      stores.pruneJobs.upsert(pruneJob('mixtral'));
      expect((await observe('ml/mixtral'))?.serviceAccount).toBe('Missing');
      client.put(serviceAccountType, account('default'));
      expect((await observe('ml/mixtral'))?.serviceAccount).toEqual({ name: 'default', secretNames: ['s3'] });
    });

    it("is the PruneJob's own where it names one", async () => {
      const runner = { ...pruneJob('mixtral').spec.runner, serviceAccountName: 'pruner' };
      stores.pruneJobs.upsert(pruneJob('mixtral', { spec: { runner } }));
      client.put(serviceAccountType, account('pruner'));
      expect((await observe('ml/mixtral'))?.serviceAccount).toMatchObject({ name: 'pruner' });
    });

    it.each([
      { labels: {}, requireRunnerLabel: true, found: 'NotARunner' },
      { labels: { 'stun-operator.io/runner': 'false' }, requireRunnerLabel: true, found: 'NotARunner' },
      { labels: offered, requireRunnerLabel: true, found: { name: 'default', secretNames: ['s3'] } },
      { labels: {}, requireRunnerLabel: false, found: { name: 'default', secretNames: ['s3'] } },
    ])('with labels $labels, where the label is asked for: $requireRunnerLabel', async ({ labels, requireRunnerLabel, found }) => {
      client.put(serviceAccountType, account('default', labels));
      const accounts = new ServiceAccounts(client, systemClock, { requireRunnerLabel });
      expect(await accounts.find('ml', 'default')).toEqual(found);
    });

    it('that is labelled later is found at the next look', async () => {
      const accounts = new ServiceAccounts(client, systemClock, defaultPolicy);
      client.put(serviceAccountType, account('default', {}));
      expect(await accounts.find('ml', 'default')).toBe('NotARunner');
      client.put(serviceAccountType, account('default'));
      expect(await accounts.find('ml', 'default')).toMatchObject({ name: 'default' });
    });

    it('is asked for once by many', async () => {
      client.put(serviceAccountType, account('default'));
      const accounts = new ServiceAccounts(client, systemClock, defaultPolicy);
      await Promise.all([accounts.find('ml', 'default'), accounts.find('ml', 'default')]);
      await accounts.find('ml', 'default');
      expect(client.calls).toHaveLength(1);
    });
  });

  it('counts the GPUs of every node that has some', async () => {
    const node = (name: string, changes: object): LiveNode => ({ apiVersion: 'v1', kind: 'Node', metadata: { name, labels: {} }, ...changes });
    const ready = [{ type: 'Ready', status: 'True' }];
    stores.pruneJobs.upsert(pruneJob('mixtral'));
    stores.nodes.upsert(node('cpu', { status: { allocatable: { cpu: '8' }, conditions: ready } }));
    const taints = [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }];
    stores.nodes.upsert(node('bare', { spec: { unschedulable: true, taints, podCIDR: '10.0.0.0/24' }, status: { allocatable: { 'nvidia.com/gpu': '8' } } }));
    const labels = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.memory': '81559' };
    stores.nodes.upsert(node('h100', { metadata: { name: 'h100', labels }, status: { allocatable: { 'nvidia.com/gpu': '4' }, conditions: ready, images: [{}] } }));
    expect((await observe('ml/mixtral'))?.nodes).toEqual([
      { name: 'bare', allocatableGPUs: 8, ready: false, schedulable: false, labels: {}, taints },
      { name: 'h100', allocatableGPUs: 4, ready: true, schedulable: true, product: 'NVIDIA-H100-80GB-HBM3', memoryMiB: 81559, labels },
    ]);
    expect(stores.nodes.get('h100')?.status).not.toHaveProperty('images');
    expect(stores.nodes.get('bare')?.spec).not.toHaveProperty('podCIDR');
  });

  it('hands on what the pruning pod last told, and nothing of the inspecting one', async () => {
    const run = pruneJob('mixtral');
    const told = { percent: 10 } as EngineProgress;
    stores.pruneJobs.upsert(run);
    for (const child of [job(run, 'inspect'), job(run, 'prune')]) {
      stores.jobs.upsert(child);
      stores.enginePods.upsert(podOf(child));
    }
    latest.set('mixtral-inspect-1-x-uid', { percent: 99 } as EngineProgress);
    expect(await observe('ml/mixtral')).not.toHaveProperty('progress');
    latest.set('mixtral-prune-1-x-uid', told);
    expect((await observe('ml/mixtral'))?.progress).toBe(told);
  });
});
