import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Api, type Fields } from '../../crds/fixture.ts';
import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { KubeObject } from '../runtime/types.ts';
import { leastPrivilege } from './testing/least-privilege.ts';
import { OperatorProcess } from './testing/operator-process.ts';
import { PlayedNode } from './testing/played-node.ts';

const namespace = 'default';
const path = (name: string) => `/apis/stun-operator.io/v1alpha1/namespaces/${namespace}/prunejobs/${name}`;
const soon = { timeout: 20_000, interval: 50 };

const pruneOnly = { ttlSecondsAfterFinished: 86_400, model: { uri: 's3://models/tiny-moe/' }, pruning: { experts: { ratio: 0.25 }, weights: { method: 'None' } }, output: { uri: 's3://models/pruned/' } };
const result = {
  kind: 'Result', runKey: '0123456789abcdef', uri: 's3://models/pruned/tiny-moe/0123456789abcdef/', manifestDigest: `sha256:${'a'.repeat(64)}`, sparsity: 0.24,
  expertsBefore: 32, expertsAfter: 24, bytesBefore: 11_000_000, bytesAfter: 8_500_000, quality: null, stages: [{ stage: 'Experts', seconds: 1.2 }], reused: false,
};
const notFound = { kind: 'Error', reason: 'ModelNotFound', message: 's3://models/tiny-moe/ holds no config.json; correct spec.model.uri.' };

describe('the operator against a real API server', () => {
  let api: Api;
  let kubeconfig: string;
  let node: PlayedNode;
  let operator: OperatorProcess;
  const start = async () => {
    operator = await OperatorProcess.start(kubeconfig);
  };

  beforeAll(async () => {
    api = await Api.start();
    node = new PlayedNode(api.server, namespace);
    kubeconfig = await leastPrivilege(api.server);
    const serviceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', labels: { [labels.runner]: 'true' } }, secrets: [{ name: 's3' }] };
    await api.server.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, serviceAccount);
  });
  afterAll(() => api.server.stop());
  beforeEach(start);
  afterEach(async () => {
    expect((await operator.stop()).output).not.toMatch(/"level":"error"|forbidden/i);
  });

  const create = async (name: string, spec: Fields = pruneOnly) => {
    expect(await api.create(name, spec)).toHaveProperty('object');
  };
  const read = async (name: string) => (await api.server.call('GET', path(name))).body as PruneJob;
  const jobsOf = async (name: string) => (await node.jobs()).map((job) => job.metadata.name).filter((job) => job.startsWith(`${name}-`));
  const until = (name: string, phase: string) =>
    vi.waitFor(async () => {
      const pruneJob = await read(name);
      expect(pruneJob.status?.phase).toBe(phase);
      return pruneJob;
    }, soon);
  const untilJob = (name: string) => vi.waitFor(async () => { expect((await node.jobs()).map((job) => job.metadata.name)).toContain(name); }, soon);

  it('takes a PruneJob without a service from Pending to Complete with one Job', async () => {
    await create('plain');
    await untilJob('plain-prune-1');
    await node.start('plain-prune-1');
    await until('plain', 'Pruning');
    await node.finish('plain-prune-1', { exitCode: 0, message: result });
    const { status } = await until('plain', 'Complete');
    expect(status).toMatchObject({ runKey: result.runKey, result: { uri: result.uri, manifestDigest: result.manifestDigest, expertsAfter: 24 } });
    expect(await jobsOf('plain')).toEqual(['plain-prune-1']);
    expect(await operator.get('/metrics')).toContain('stun_prunejob_status_phase{namespace="default",name="plain",phase="Complete"} 1');
  });

  it('gives the engine its reason and its sentence', async () => {
    await create('broken');
    await untilJob('broken-prune-1');
    await node.start('broken-prune-1');
    await node.finish('broken-prune-1', { exitCode: 2, message: notFound });
    const { status } = await until('broken', 'Failed');
    expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Failed', status: 'True', reason: 'ModelNotFound', message: notFound.message }));
    expect(await jobsOf('broken')).toEqual(['broken-prune-1']);
  });

  it.each([
    { name: 'untyped', podTemplate: { spec: { containers: 'none' } }, says: 'containers' },
    { name: 'negative', podTemplate: { spec: { containers: [{ name: 'engine', resources: { limits: { memory: '-1Gi' } } }] } }, says: 'must be greater than or equal to 0' },
    { name: 'unmounted', podTemplate: { spec: { containers: [{ name: 'engine', volumeMounts: [{ name: 'absent', mountPath: '/absent' }] }] } }, says: 'absent' },
    { name: 'misspelt', podTemplate: { spec: { nodeSelectr: { zone: 'a' } } }, says: 'unknown field "spec.template.spec.nodeSelectr"' },
  ])('fails a PruneJob whose pod template is $name, with the API server\'s sentence', async ({ name, podTemplate, says }) => {
    await create(name, { ...pruneOnly, runner: { podTemplate } });
    const { status } = await until(name, 'Failed');
    const failed = status?.conditions?.find(({ type }) => type === 'Failed');
    expect(failed).toMatchObject({ status: 'True', reason: 'PodTemplateInvalid', message: expect.stringContaining(says) as string });
    expect(failed?.message).toMatch(new RegExp(`^The API server refuses Job ${name}-prune-1: .*Correct runner\\.podTemplate in a new PruneJob\\.$`, 's'));
    expect(await jobsOf(name)).toEqual([]);
    await vi.waitFor(async () => { expect((await read(name)).metadata.finalizers ?? []).toEqual([]); }, soon);
  });

  describe('with a scratch class', () => {
    const onDisk = { ...pruneOnly, runner: { scratch: { size: '1Gi', storageClassName: 'fast' } } };
    const claims = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
    const claim = async (name: string) => (await api.server.call('GET', `${claims}/${name}`)).body as KubeObject;
    const pruningUntil = async (name: string, job: string) => {
      await untilJob(job);
      await node.start(job);
      await until(name, 'Pruning');
    };

    it('keeps one claim from the first Job over a suspension to the end of the run', async () => {
      await create('scratched', onDisk);
      await pruningUntil('scratched', 'scratched-prune-1');
      const { metadata } = await claim('scratched-scratch');
      expect(metadata.ownerReferences).toMatchObject([{ kind: 'PruneJob', name: 'scratched', uid: (await read('scratched')).metadata.uid, controller: true }]);
      await api.patch('scratched', { spec: { suspend: true } });
      await until('scratched', 'Suspended');
      await node.collect('scratched-prune-1');
      await api.patch('scratched', { spec: { suspend: false } });
      await pruningUntil('scratched', 'scratched-prune-2');
      expect((await claim('scratched-scratch')).metadata).toMatchObject({ uid: metadata.uid });
      expect((await claim('scratched-scratch')).metadata.deletionTimestamp).toBeUndefined();
      await node.finish('scratched-prune-2', { exitCode: 0, message: result });
      await until('scratched', 'Complete');
      // Its protection, which a controller lifts that is not played here, keeps the object from going.
      await vi.waitFor(async () => { expect((await claim('scratched-scratch')).metadata.deletionTimestamp).toBeDefined(); }, soon);
    });

    it('fails a PruneJob whose claim the API server refuses, with its sentence', async () => {
      await create('misnamed', { ...pruneOnly, runner: { scratch: { size: '1Gi', storageClassName: 'fast..disks' } } });
      const { status } = await until('misnamed', 'Failed');
      const message = expect.stringMatching(/^The API server refuses PersistentVolumeClaim misnamed-scratch: .*storageClassName.*Correct runner\.scratch in a new PruneJob\.$/s) as string;
      expect(status?.conditions).toContainEqual(expect.objectContaining({ type: 'Failed', reason: 'ScratchInvalid', message }));
      expect(await jobsOf('misnamed')).toEqual([]);
    });
  });

  it('tells the story in events', async () => {
    await create('told');
    await untilJob('told-prune-1');
    await node.start('told-prune-1');
    await node.finish('told-prune-1', { exitCode: 0, message: result });
    await until('told', 'Complete');
    await vi.waitFor(async () => {
      const events = (await api.server.call('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`)).body as { items: { regarding: { name: string }; reason: string }[] };
      expect(events.items.filter((event) => event.regarding.name === 'told').map((event) => event.reason)).toContain('Finished');
    }, soon);
  });

  it('goes on where a killed operator stopped, and starts nothing twice', async () => {
    await create('restarted');
    await untilJob('restarted-prune-1');
    await node.start('restarted-prune-1');
    await until('restarted', 'Pruning');
    await operator.kill();
    await node.finish('restarted-prune-1', { exitCode: 0, message: result });
    await start();
    await until('restarted', 'Complete');
    expect(await jobsOf('restarted')).toEqual(['restarted-prune-1']);
  });

  it('writes nothing about what is finished, whatever is deleted under it', async () => {
    await create('finished');
    await untilJob('finished-prune-1');
    await node.start('finished-prune-1');
    await node.finish('finished-prune-1', { exitCode: 0, message: result });
    await until('finished', 'Complete');
    await vi.waitFor(async () => {
      expect((await read('finished')).metadata.finalizers ?? []).toEqual([]);
      expect((await node.jobs()).find((job) => job.metadata.name === 'finished-prune-1')?.spec?.ttlSecondsAfterFinished).toBe(86_400);
    }, soon);
    await operator.stop();
    await node.remove('finished-prune-1');
    const before = await read('finished');
    await start();
    // A later PruneJob that got its Job shows that the earlier one was looked at.
    await create('later');
    await untilJob('later-prune-1');
    expect((await read('finished')).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    expect(await jobsOf('finished')).toEqual([]);
  });

  it('leaves nothing behind when deleted midway', async () => {
    await create('deleted');
    await untilJob('deleted-prune-1');
    await node.start('deleted-prune-1');
    await until('deleted', 'Pruning');
    await api.server.call('DELETE', path('deleted'));
    await vi.waitFor(async () => { expect((await node.jobs()).find((job) => job.metadata.name === 'deleted-prune-1')?.metadata.deletionTimestamp).toBeDefined(); }, soon);
    await node.collect('deleted-prune-1');
    await vi.waitFor(async () => { expect((await api.server.call('GET', path('deleted'))).code).toBe(404); }, soon);
  });

  it('lets a second operator stand by and take over', async () => {
    await operator.stop();
    const first = await OperatorProcess.start(kubeconfig, []);
    await vi.waitFor(async () => { expect(await first.get('/metrics')).toMatch(/^leader_election_master_status\{.*\} 1$/m); }, soon);
    const second = await OperatorProcess.start(kubeconfig, []);
    try {
      await create('handed');
      await untilJob('handed-prune-1');
      expect(await second.get('/metrics')).not.toContain('name="handed"');
      await first.stop();
      await vi.waitFor(async () => { expect(await second.get('/metrics')).toContain('stun_prunejob_status_phase{namespace="default",name="handed",phase="Queued"} 1'); }, soon);
      expect(await jobsOf('handed')).toEqual(['handed-prune-1']);
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });

  it('ends cleanly when asked to', async () => {
    expect((await operator.stop()).code).toBe(0);
  });
});
