import { beforeEach, describe, expect, it } from 'vitest';

import type { Action } from '../prunejob/decision.ts';
import { inferenceServiceType } from '../prunejob/serving/kserve-types.ts';
import { ApiError } from '../runtime/errors.ts';
import type { KubeObject } from '../runtime/types.ts';
import { createAct } from './act.ts';
import { pruneJobType } from './resources.ts';
import { FakeClient } from './testing/fake-client.ts';
import { pruneJob } from './testing/samples.ts';

const run = pruneJob('mixtral');
const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', namespace: 'ml', name: 'chat' };
const service = (managedFields: NonNullable<KubeObject['metadata']['managedFields']> = []): KubeObject => ({
  apiVersion: ref.apiVersion,
  kind: ref.kind,
  metadata: { name: 'chat', namespace: 'ml', uid: 'chat-uid', managedFields },
});
const testFailed = new ApiError(422, { reason: 'Invalid', message: 'the test failed' });
const modified = new ApiError(409, { reason: 'Conflict', message: 'the object has been modified' });

let client: FakeClient;
const act = (action: Action) => createAct(client)(action, run);
const bodies = (verb: string) => client.calls.filter((call) => call.verb === verb).map((call) => call.body);

beforeEach(() => {
  client = new FakeClient();
});

describe('ApplyService', () => {
  beforeEach(() => { client.put(pruneJobType, run); });

  const object = { apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: 'chat', namespace: 'ml' }, spec: { a: 1 } };
  it('is not written for a PruneJob that has changed', async () => {
    client.put(pruneJobType, { ...run, metadata: { ...run.metadata, resourceVersion: '9' } }).put(inferenceServiceType, service());
    await expect(act({ kind: 'ApplyService', ref, object })).rejects.toThrow('PruneJob ml/mixtral has changed');
    expect(bodies('apply')).toEqual([]);
  });

  it('is bound to the service that lives', async () => {
    client.put(inferenceServiceType, service());
    await act({ kind: 'ApplyService', ref, object });
    expect(bodies('apply')).toEqual([{ ...object, metadata: { ...object.metadata, uid: 'chat-uid' } }]);
  });

  it('is bound to the version that it was decided for, where it was for one', async () => {
    const { metadata, ...rest } = service();
    client.put(inferenceServiceType, { ...rest, metadata: { ...metadata, resourceVersion: '7' } });
    await expect(act({ kind: 'ApplyService', ref, object, ifVersion: '6' })).rejects.toThrow('InferenceService ml/chat has changed, which its watch has not told of yet');
    await act({ kind: 'ApplyService', ref, object, ifVersion: '7' });
    expect(bodies('apply')).toEqual([{ ...object, metadata: { ...object.metadata, uid: 'chat-uid', resourceVersion: '7' } }]);
  });

  it('is bound to the version that lives, and tried again where another write came between', async () => {
    const { metadata, ...rest } = service();
    client.put(inferenceServiceType, { ...rest, metadata: { ...metadata, resourceVersion: '7' } }).failNext('apply', modified);
    await act({ kind: 'ApplyService', ref, object });
    expect(bodies('apply').map((body) => (body as KubeObject).metadata.resourceVersion)).toEqual(['7', '7']);
  });

  it('never creates one', async () => {
    await expect(act({ kind: 'ApplyService', ref, object })).rejects.toThrow('InferenceService ml/chat is gone; create it again');
    expect(bodies('apply')).toEqual([]);
  });

  it('refuses a kind it has no adapter for', async () => {
    const other = { ...ref, apiVersion: 'v1', kind: 'Service' };
    await expect(act({ kind: 'ApplyService', ref: other, object })).rejects.toThrow('Service of v1 cannot be moved by this operator');
  });
});

describe('ReleaseService', () => {
  beforeEach(() => { client.put(pruneJobType, run); });

  const theirs = { manager: 'kubectl', operation: 'Apply' };
  const ours = { manager: 'stun-operator', operation: 'Apply' };
  const removal = [
    { op: 'test', path: '/metadata/managedFields/1/manager', value: 'stun-operator' },
    { op: 'test', path: '/metadata/managedFields/1/operation', value: 'Apply' },
    { op: 'remove', path: '/metadata/managedFields/1' },
  ];

  it('is not written for a PruneJob that has changed', async () => {
    client.put(pruneJobType, { ...run, metadata: { ...run.metadata, resourceVersion: '9' } }).put(inferenceServiceType, service([ours]));
    await expect(act({ kind: 'ReleaseService', ref })).rejects.toThrow('PruneJob ml/mixtral has changed');
    expect(bodies('jsonPatch')).toEqual([]);
  });

  it("removes our entry and nobody else's", async () => {
    client.put(inferenceServiceType, service([theirs, ours]));
    await act({ kind: 'ReleaseService', ref });
    expect(bodies('jsonPatch')).toEqual([removal]);
  });

  it('is bound to the version that was read', async () => {
    const { metadata, ...rest } = service([theirs, ours]);
    client.put(inferenceServiceType, { ...rest, metadata: { ...metadata, resourceVersion: '7' } });
    await act({ kind: 'ReleaseService', ref });
    expect(bodies('jsonPatch')).toEqual([[{ op: 'test', path: '/metadata/resourceVersion', value: '7' }, ...removal]]);
  });

  it('reads again when the entries moved in between', async () => {
    client.put(inferenceServiceType, service([theirs, ours])).failNext('jsonPatch', testFailed);
    await act({ kind: 'ReleaseService', ref });
    expect(client.calls.map((call) => call.verb)).toEqual(['get', 'get', 'jsonPatch', 'get', 'get', 'jsonPatch']);
  });

  it('gives up on entries that never stop moving', async () => {
    client.put(inferenceServiceType, service([ours])).failNext('jsonPatch', ...Array.from({ length: 5 }, () => testFailed));
    await expect(act({ kind: 'ReleaseService', ref })).rejects.toBe(testFailed);
  });

  it.each([
    { what: 'a service without our entry', fields: [theirs, { ...ours, operation: 'Update' }, { ...ours, subresource: 'status' }] },
    { what: 'a service that is gone', fields: undefined },
  ])('leaves $what alone', async ({ fields }) => {
    if (fields !== undefined) client.put(inferenceServiceType, service(fields));
    await act({ kind: 'ReleaseService', ref });
    expect(bodies('jsonPatch')).toEqual([]);
  });
});
