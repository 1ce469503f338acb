import { describe, expect, it } from 'vitest';

import { child, queuedChild, secondsBefore, workload } from '../prunejob/testing/builders.ts';
import { workloadType } from '../prunejob/queue/kueue.ts';
import { ApiError } from '../runtime/errors.ts';
import { FakeClient } from './testing/fake-client.ts';
import { workloadOf } from './workloads.ts';

const held = queuedChild();

describe('workloadOf', () => {
  it('asks for the one of the Job that is held', async () => {
    const theirs = workload(undefined);
    const client = new FakeClient().put(workloadType, theirs);
    expect(await workloadOf(client, [child('inspect'), held])).toBe(theirs);
    expect(client.calls).toEqual([{ verb: 'list', name: 'workloads', body: { namespace: 'ml', labelSelector: 'kueue.x-k8s.io/job-uid=uid-tiny-prune-1' } }]);
  });

  it('says that there is none yet', async () => {
    expect(await workloadOf(new FakeClient(), [held])).toBe('None');
  });

  it.each([
    { name: 'no Job is held', children: [child('prune')] },
    { name: 'somebody else suspended it', children: [child('prune', { job: { spec: { suspend: true } } })] },
    { name: 'it is being deleted', children: [queuedChild({ job: { metadata: { ...held.job.metadata, deletionTimestamp: secondsBefore(1) } } })] },
  ])('asks nothing where $name', async ({ children }) => {
    const client = new FakeClient();
    expect(await workloadOf(client, children)).toBeUndefined();
    expect(client.calls).toEqual([]);
  });

  it.each([
    { code: 404, reason: 'NotFound', state: 'NoKueue' },
    { code: 403, reason: 'Forbidden', state: 'NotRead' },
  ])('takes $code for $state', async ({ code, reason, state }) => {
    const client = new FakeClient();
    client.failNext('list', new ApiError(code, { reason, message: reason }));
    expect(await workloadOf(client, [held])).toBe(state);
  });

  it('leaves everything else to a retry', async () => {
    const client = new FakeClient();
    client.failNext('list', new ApiError(500, { reason: 'InternalError', message: 'away' }));
    await expect(workloadOf(client, [held])).rejects.toThrow('away');
  });
});
