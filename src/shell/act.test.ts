import { beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '../prunejob/decision.ts';
import { ApiError } from '../runtime/errors.ts';
import { createAct } from './act.ts';
import { FakeClient } from './testing/fake-client.ts';
import { claimType, jobType, pruneJobType } from './resources.ts';
import { claim, job, pruneJob } from './testing/samples.ts';

const run = pruneJob('mixtral');
const inspect = job(run, 'inspect');
const testFailed = new ApiError(422, { reason: 'Invalid', message: 'the test failed' });
const gone = new ApiError(404, { reason: 'NotFound', message: 'not found' });

describe('createAct', () => {
  let client: FakeClient;
  const act = (action: Action, on = run) => createAct(client)(action, on);
  const bodies = (verb: string) => client.calls.filter((call) => call.verb === verb).map((call) => call.body);

  beforeEach(() => {
    client = new FakeClient();
  });

  it('tells of a Job before it asks for it', async () => {
    const told: string[] = [];
    const begin = (owner: typeof run, { metadata }: { readonly metadata: { readonly name: string } }): void => void told.push(`${owner.metadata.uid} ${metadata.name} after ${client.calls.length} calls`);
    await createAct(client, begin)({ kind: 'CreateJob', manifest: inspect }, run);
    expect(told).toEqual([`mixtral-uid ${inspect.metadata.name} after 0 calls`]);
  });

  describe('finalizer', () => {
    const ours = 'stun-operator.io/finalizer';
    it.each([
      { what: 'none', finalizers: undefined, list: [ours] },
      { what: "another controller's", finalizers: ['other'], list: ['other', ours] },
    ])('is added to $what, only to the version that was read', async ({ finalizers, list }) => {
      client.put(pruneJobType, pruneJob('mixtral', { metadata: { resourceVersion: '8' } }));
      const answer = await act({ kind: 'AddFinalizer' }, pruneJob('mixtral', { metadata: finalizers === undefined ? {} : { finalizers } }));
      expect(answer).toEqual({ resourceVersion: '8' });
      expect(bodies('jsonPatch')).toEqual([
        [
          { op: 'test', path: '/metadata/resourceVersion', value: '7' },
          { op: 'add', path: '/metadata/finalizers', value: list },
        ],
      ]);
    });

    it('is removed from its place, and only if it is there', async () => {
      await act({ kind: 'RemoveFinalizer' }, pruneJob('mixtral', { metadata: { finalizers: ['other', ours] } }));
      expect(bodies('jsonPatch')).toEqual([
        [
          { op: 'test', path: '/metadata/uid', value: 'mixtral-uid' },
          { op: 'test', path: '/metadata/finalizers/1', value: ours },
          { op: 'remove', path: '/metadata/finalizers/1' },
        ],
      ]);
    });

    it.each([
      { kind: 'AddFinalizer', finalizers: [ours] },
      { kind: 'RemoveFinalizer', finalizers: ['other'] },
    ] as const)('needs no call for $kind when $finalizers is there', async ({ kind, finalizers }) => {
      await act({ kind }, pruneJob('mixtral', { metadata: { finalizers } }));
      expect(client.calls).toEqual([]);
    });

    it('needs no removal from what is gone', async () => {
      client.failNext('jsonPatch', gone);
      await expect(act({ kind: 'RemoveFinalizer' }, pruneJob('mixtral', { metadata: { finalizers: [ours] } }))).resolves.toBeUndefined();
    });
  });

  describe('with something at work that no watch has told of', () => {
    const finalizers = ['stun-operator.io/finalizer'];
    const again = pruneJob('mixtral', { metadata: { finalizers } });
    const next = job(run, 'prune', 2);
    it.each([
      { what: 'creates no Job beside it', action: { kind: 'CreateJob', manifest: next }, on: again, calls: ['list', 'list'] },
      { what: 'keeps the finalizer that goes only once it is idle', action: { kind: 'RemoveFinalizer', onceIdle: true }, on: again, calls: ['list', 'list'] },
    ] as const)('$what', async ({ action, on, calls }) => {
      client.put(jobType, inspect);
      await expect(act(action, on)).rejects.toThrow('Job ml/mixtral-inspect-1 of this PruneJob is at work');
      expect(client.calls.map(({ verb }) => verb)).toEqual(calls);
    });

    it.each([
      { what: 'the first Job, before which there can be none,', action: { kind: 'CreateJob', manifest: next }, on: run, calls: ['create'] },
      { what: 'a finalizer whose time is over', action: { kind: 'RemoveFinalizer' }, on: again, calls: ['jsonPatch'] },
    ] as const)('asks nobody about $what', async ({ action, on, calls }) => {
      client.put(jobType, inspect);
      await act(action, on);
      expect(client.calls.map(({ verb }) => verb)).toEqual(calls);
    });
  });

  describe('CreateJob', () => {
    it('is harmless the second time', async () => {
      await act({ kind: 'CreateJob', manifest: inspect });
      await act({ kind: 'CreateJob', manifest: inspect });
      expect(bodies('create')).toEqual([inspect, inspect]);
    });

    it('says so when the name is taken by somebody else', async () => {
      client.put(jobType, { ...inspect, metadata: { ...inspect.metadata, ownerReferences: [] } });
      await expect(act({ kind: 'CreateJob', manifest: inspect })).rejects.toThrow(
        'The Job ml/mixtral-inspect-1 exists already and does not belong to this PruneJob; delete that Job, or create the PruneJob under another name.',
      );
    });

    it('does not take the Job of a PruneJob of the same name that was deleted for its own', async () => {
      client.put(jobType, job(pruneJob('mixtral', { metadata: { uid: 'earlier' } }), 'inspect'));
      await expect(act({ kind: 'CreateJob', manifest: inspect })).rejects.toThrow('does not belong to this PruneJob');
    });

    it.each([
      { code: 400, reason: 'BadRequest' },
      { code: 422, reason: 'Invalid' },
    ])('answers what no retry mends: $code $reason', async ({ code, reason }) => {
      client.failNext('create', new ApiError(code, { reason, message: 'It has no containers.' }));
      expect(await act({ kind: 'CreateJob', manifest: inspect })).toEqual({ manifest: inspect, message: 'It has no containers.' });
    });

    it.each([
      { code: 403, reason: 'Forbidden' },
      { code: 404, reason: 'NotFound' },
      { code: 500, reason: 'InternalError' },
    ])('fails with what a retry may mend: $code $reason', async ({ code, reason }) => {
      const error = new ApiError(code, { reason, message: 'not now' });
      client.failNext('create', error);
      await expect(act({ kind: 'CreateJob', manifest: inspect })).rejects.toBe(error);
    });
  });

  describe('CreateClaim', () => {
    const manifest = claim(run);
    it('is harmless the second time', async () => {
      await act({ kind: 'CreateClaim', manifest });
      await act({ kind: 'CreateClaim', manifest });
      expect(bodies('create')).toEqual([manifest, manifest]);
    });

    it('says so when the name is taken, be it by a predecessor of the same name', async () => {
      client.put(claimType, claim(pruneJob('mixtral', { metadata: { uid: 'earlier' } })));
      await expect(act({ kind: 'CreateClaim', manifest })).rejects.toThrow(
        'The PersistentVolumeClaim ml/mixtral-scratch exists already and does not belong to this PruneJob; delete that PersistentVolumeClaim, or create the PruneJob under another name.',
      );
    });

    it('answers what no retry mends', async () => {
      client.failNext('create', new ApiError(422, { reason: 'Invalid', message: 'It has no size.' }));
      expect(await act({ kind: 'CreateClaim', manifest })).toEqual({ manifest, message: 'It has no size.' });
    });
  });

  describe('WriteConfigMap', () => {
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mixtral-patch', namespace: 'ml' }, data: { README: 'r' } };
    const exists = new ApiError(409, { reason: 'AlreadyExists', message: 'already exists' });
    it('creates it, and needs no right to read any', async () => {
      await act({ kind: 'WriteConfigMap', manifest });
      expect(client.calls).toEqual([{ verb: 'create', name: 'mixtral-patch', body: manifest }]);
    });

    it('brings up to date what is there, if it is this PruneJob\'s', async () => {
      client.failNext('create', exists);
      await act({ kind: 'WriteConfigMap', manifest });
      expect(bodies('jsonPatch')).toEqual([[{ op: 'test', path: '/metadata/ownerReferences/0/uid', value: 'mixtral-uid' }, { op: 'add', path: '/data', value: { README: 'r' } }]]);
    });

    it('says so when the name is taken', async () => {
      client.failNext('create', exists);
      client.failNext('jsonPatch', testFailed);
      await expect(act({ kind: 'WriteConfigMap', manifest })).rejects.toThrow("The ConfigMap ml/mixtral-patch exists already and is not this PruneJob's, or cannot change; delete it");
    });

    it.each(['create', 'jsonPatch'] as const)('is tried again when %s may work later', async (verb) => {
      const later = new ApiError(503, { reason: 'ServiceUnavailable', message: 'not now' });
      if (verb === 'jsonPatch') client.failNext('create', exists);
      client.failNext(verb, later);
      await expect(act({ kind: 'WriteConfigMap', manifest })).rejects.toBe(later);
    });
  });

  it('DeleteClaim names the incarnation', async () => {
    await act({ kind: 'DeleteClaim', name: 'mixtral-scratch', uid: 'u' });
    expect(client.calls).toEqual([{ verb: 'delete', name: 'mixtral-scratch', body: { uid: 'u' } }]);
  });

  describe('DeleteJob', () => {
    const action: Action = { kind: 'DeleteJob', name: 'mixtral-prune-1', uid: 'u' };
    it('names the incarnation and waits for its pods', async () => {
      await act(action);
      expect(bodies('delete')).toEqual([{ uid: 'u', propagation: 'Foreground' }]);
    });
  });

  it('UpdateJob touches the two limits and nothing else', async () => {
    await act({ kind: 'UpdateJob', name: 'mixtral-prune-1', uid: 'u', spec: { activeDeadlineSeconds: 60, ttlSecondsAfterFinished: 5 } });
    expect(bodies('jsonPatch')).toEqual([
      [
        { op: 'test', path: '/metadata/uid', value: 'u' },
        { op: 'add', path: '/spec/activeDeadlineSeconds', value: 60 },
        { op: 'add', path: '/spec/ttlSecondsAfterFinished', value: 5 },
      ],
    ]);
  });
});
