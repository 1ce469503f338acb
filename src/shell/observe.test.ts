import { beforeEach, describe, expect, it } from 'vitest';
import type { PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { EngineProgress, Stage } from '../prunejob/observed.ts';
import { defaultPolicy } from '../prunejob/policy.ts';
import { systemClock } from '../runtime/clock.ts';
import { emptyStores, type EmptyStores } from './testing/empty-stores.ts';
import { FakeClient } from './testing/fake-client.ts';
import { createObserve } from './observe.ts';
import { podType, serviceAccountType } from './resources.ts';
import { claim, job, podOf, pruneJob, pruning } from './testing/samples.ts';
import { beginJob } from './same-run.ts';
import { ServiceAccounts } from './service-accounts.ts';
import type { LiveJob, LiveNode, LivePod } from './stores.ts';

let stores: EmptyStores;
let client: FakeClient;
const latest = new Map<string, EngineProgress>();
/** Keys of PruneJobs, by the run key that their engines tell. */
const working = new Map<string, readonly string[]>();

beforeEach(() => {
  stores = emptyStores();
  client = new FakeClient();
  latest.clear();
  working.clear();
});

const starting = (begun: readonly string[] = []) => {
  const told: string[] = [];
  return { told, has: (uid: string): boolean => begun.includes(uid), begin: (uid: string): void => void told.push(uid) };
};
const options = (starts = starting()) => {
  const serviceAccounts = new ServiceAccounts(client, systemClock, defaultPolicy);
  const engine = { image: 'e', serviceAccountName: 'default' };
  return { stores, client, serviceAccounts, progressOf: (uid: string) => latest.get(uid), workingOn: (runKey: string) => working.get(runKey) ?? [], kindOf: () => undefined, engine, policy: defaultPolicy, starting: starts };
};
const observe = (key: string, starts = starting()) => createObserve(options(starts))(key);

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

  describe('same run', () => {
    const created = (time: string) => ({ metadata: { creationTimestamp: `2026-01-01T00:00:${time}Z` } });
    const status = (type?: string): PruneJobStatus => ({
      runKey: 'k',
      conditions: type === undefined ? [] : [{ type, status: 'True', reason: 'R', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    });

    const suspended = (uri = 's3://models/pruned/') => ({ spec: { suspend: true, output: { uri } } });
    const output = (uri: string) => ({ spec: { output: { uri } } });
    const elsewhere = { ...created('01').metadata, namespace: 'research' };
    const older = { ...created('01'), status: status() };
    const younger = { ...created('03'), status: status() };

    it.each<{ what: string; other: Parameters<typeof pruneJob>[1]; mine?: Parameters<typeof pruneJob>[1]; works?: Stage; waits: boolean }>([
      { what: 'an older one', other: older, waits: true },
      { what: 'a younger one', other: younger, waits: false },
      { what: 'an older one of the same second, by uid', other: { metadata: { ...created('02').metadata, uid: 'a' }, status: status() }, waits: true },
      { what: 'an older one that is complete', other: { ...older, status: status('Complete') }, waits: false },
      { what: 'an older one that failed', other: { ...older, status: status('Failed') }, waits: false },
      { what: 'an older one that failed, while the pod of its Job is still there', other: { ...older, status: status('Failed') }, works: 'prune', waits: true },
      { what: 'an older one that is being deleted', other: { ...older, metadata: { ...created('01').metadata, deletionTimestamp: '2026-01-01T00:00:09Z' } }, waits: true },
      { what: 'an older one with another key', other: { ...older, status: { runKey: 'l' } }, waits: false },
      { what: 'an older one with another output', other: { ...older, ...output('s3://models/other/') }, waits: false },
      { what: 'an older one with the same output, written otherwise', other: { ...older, ...output('s3://models/pruned') }, waits: true },
      { what: 'an older one of another namespace', other: { ...older, metadata: elsewhere }, waits: true },
      { what: 'an older one of another namespace with the same model, written otherwise', other: { ...older, metadata: elsewhere, spec: { model: { uri: 's3://models/mixtral' } } }, waits: true },
      { what: 'an older one of another namespace with another model', other: { ...older, metadata: elsewhere, spec: { model: { uri: 's3://models/other/' } } }, waits: false },
      { what: 'an older one of another namespace with another pruning', other: { ...older, metadata: elsewhere, spec: { pruning: pruning({ ratio: 0.5 }) } }, waits: false },
      { what: 'an older one of another namespace whose ratio was planned', other: { ...older, metadata: elsewhere, spec: { pruning: { ...pruning({}), targetGPUs: 2 } }, status: { ...status(), plan: { ratio: 0.25 } } }, waits: true },
      { what: 'an older one of another namespace with a claim of that name', other: { ...older, ...output('pvc://c/'), metadata: elsewhere }, mine: output('pvc://c/'), waits: false },
      { what: 'an older one that is suspended', other: { ...older, ...suspended() }, waits: false },
      { what: 'an older one that is suspended, while its last pod still writes', other: { ...older, ...suspended() }, works: 'prune', waits: true },
      { what: 'a younger one that went past while this one was suspended', other: younger, works: 'prune', waits: true },
      { what: 'a younger one that cleans', other: younger, works: 'clean', waits: true },
      { what: 'a younger one that inspects', other: younger, works: 'inspect', waits: false },
      { what: 'a younger one that asks its canary', other: younger, works: 'evaluate', waits: false },
      { what: 'a younger one while this one is suspended', other: younger, mine: suspended(), waits: true },
    ])('waits for $what: $waits', async ({ other, mine, works, waits }) => {
      const another = pruneJob('other', other);
      stores.pruneJobs.upsert(pruneJob('mine', { metadata: { ...created('02').metadata, uid: 'b' }, status: status(), ...mine }));
      stores.pruneJobs.upsert(another);
      if (works !== undefined) stores.jobs.upsert(job(another, works));
      const isBeingDeleted = another.metadata.deletionTimestamp === undefined ? {} : { isBeingDeleted: true };
      expect((await observe('ml/mine'))?.sameRun).toEqual(waits ? { namespace: another.metadata.namespace, name: 'other', ...isBeingDeleted } : undefined);
    });

    it('waits for a younger one whose Job this process has just asked for', async () => {
      const another = pruneJob('other', younger);
      stores.pruneJobs.upsert(pruneJob('mine', { metadata: created('02').metadata, status: status() }));
      stores.pruneJobs.upsert(another);
      expect((await observe('ml/mine', starting([another.metadata.uid])))?.sameRun).toEqual({ namespace: another.metadata.namespace, name: 'other' });
    });

    it.each([
      { what: 'only asked for, when the other one is seen at work', works: true, waits: true },
      { what: 'only asked for, when the other one was no more than that', works: false, waits: false },
    ])('of two that have begun, the older one, whose own Job was $what, waits: $waits', async ({ works, waits }) => {
      const [mine, another] = [pruneJob('mine', { metadata: created('02').metadata, status: status() }), pruneJob('other', younger)];
      for (const begun of [mine, another]) stores.pruneJobs.upsert(begun);
      if (works) stores.jobs.upsert(job(another, 'prune'));
      const starts = starting([mine.metadata.uid, another.metadata.uid]);
      expect((await observe('ml/mine', starts))?.sameRun?.name).toBe(waits ? 'other' : undefined);
    });

    it.each([
      { told: undefined, tells: 'k', waits: true },
      { told: undefined, tells: 'another', waits: false },
      { told: 'another', tells: 'k', waits: false },
    ])('waits for one whose status has run key $told, and whose engine tells "$tells": $waits', async ({ told, tells, waits }) => {
      const another = pruneJob('other', { ...created('03'), ...(told === undefined ? {} : { status: { runKey: told } }) });
      stores.pruneJobs.upsert(pruneJob('mine', { metadata: created('02').metadata, status: status() }));
      stores.pruneJobs.upsert(another);
      stores.jobs.upsert(job(another, 'prune'));
      working.set(tells, ['ml/other', 'ml/gone']);
      expect((await observe('ml/mine'))?.sameRun?.name).toBe(waits ? 'other' : undefined);
    });

    it.each([
      { what: 'a pruning', stage: 'prune', begun: ['other'], refused: true },
      { what: 'a clean-up', stage: 'clean', begun: ['other'], refused: true },
      { what: 'a pruning that nobody is before', stage: 'prune', begun: [], refused: false },
      { what: 'an inspection, which disturbs nobody,', stage: 'inspect', begun: ['other'], refused: false },
    ] as const)('refuses $what of a run that another has begun since the decision: $refused', ({ stage, begun, refused }) => {
      const mine = pruneJob('mine', { metadata: created('02').metadata, status: status() });
      stores.pruneJobs.upsert(mine);
      stores.pruneJobs.upsert(pruneJob('other', { ...younger, metadata: { ...younger.metadata, uid: 'other' } }));
      const starts = starting(begun);
      const begin = () => { beginJob(options(starts), mine, job(mine, stage)); };
      if (refused) expect(begin).toThrow('has begun the same run');
      else begin();
      expect(starts.told).toEqual(refused || stage === 'inspect' ? [] : ['mine-uid']);
    });

    it('waits for a younger one whose Job was deleted and whose pod still writes', async () => {
      const another = pruneJob('other', younger);
      stores.pruneJobs.upsert(pruneJob('mine', { metadata: created('02').metadata, status: status() }));
      stores.pruneJobs.upsert(another);
      stores.enginePods.upsert(podOf(job(another, 'prune')));
      expect((await observe('ml/mine'))?.sameRun).toEqual({ namespace: another.metadata.namespace, name: 'other' });
    });

    it('waits for nobody because of a Job that ended', async () => {
      const another = pruneJob('other', younger);
      stores.pruneJobs.upsert(pruneJob('mine', { metadata: created('02').metadata, status: status() }));
      stores.pruneJobs.upsert(another);
      stores.jobs.upsert({ ...job(another, 'prune'), status: { conditions: [{ type: 'Complete', status: 'True' }] } });
      expect((await observe('ml/mine'))?.sameRun).toBeUndefined();
    });
  });
});
