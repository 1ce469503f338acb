import { describe, expect, it } from 'vitest';
import { stubClient } from './testing/stub-client.ts';
import { CONFIGMAP, configMap } from './testing/objects.ts';
import type { WatchingClient } from './types.ts';
import { trackingClient, withWrites, type Write } from './writes.ts';

const ref = { type: CONFIGMAP, namespace: 'ml', name: 'a' };
const stored = configMap('a', { uid: 'u', resourceVersion: '7', labels: { app: 'x' } });
const asWritten = { type: CONFIGMAP, key: 'ml/a', namespace: 'ml', labels: { app: 'x' }, resourceVersion: '7', uid: 'u' };
const track = (mayWrite: () => void = () => undefined): WatchingClient => trackingClient({ client: stubClient(() => stored), mayWrite });

async function writesOf(act: (client: WatchingClient) => Promise<unknown>): Promise<readonly Write[]> {
  let told: readonly Write[] = [];
  await withWrites(() => act(track()), (writes) => { told = writes; }).catch(() => undefined);
  return told;
}

describe('what a reconcile wrote', () => {
  it.each([
    { name: 'create', act: (client: WatchingClient) => client.create(CONFIGMAP, configMap('a')), expected: [asWritten] },
    { name: 'apply', act: (client: WatchingClient) => client.apply(CONFIGMAP, configMap('a')), expected: [asWritten] },
    { name: 'applyStatus', act: (client: WatchingClient) => client.applyStatus(CONFIGMAP, configMap('a')), expected: [asWritten] },
    { name: 'jsonPatch', act: (client: WatchingClient) => client.jsonPatch(ref, []), expected: [asWritten] },
    { name: 'delete', act: (client: WatchingClient) => client.delete(ref, { uid: 'u' }), expected: [{ ...asWritten, labels: undefined, resourceVersion: undefined }] },
    { name: 'get', act: (client: WatchingClient) => client.get(ref), expected: [] },
    { name: 'list', act: (client: WatchingClient) => client.list(CONFIGMAP), expected: [] },
  ])('$name', async ({ act, expected }) => {
    expect(await writesOf(act)).toEqual(expected);
  });

  it('is written as it was asked for', async () => {
    const stub = stubClient(() => stored);
    await trackingClient({ client: stub, mayWrite: () => undefined }).create(CONFIGMAP, configMap('a'), { strict: true });
    expect(stub.calls).toMatchObject([{ verb: 'create', args: [CONFIGMAP, configMap('a'), { strict: true }] }]);
  });

  it('is told of a reconcile that failed half-way', async () => {
    const writes = await writesOf(async (client) => {
      await client.apply(CONFIGMAP, configMap('a'));
      throw new Error('half-way');
    });
    expect(writes).toEqual([asWritten]);
  });

  it('is kept apart for reconciles that run at once', async () => {
    const client = track();
    const counts: number[] = [];
    const reconcile = (times: number) =>
      withWrites(async () => {
        for (let i = 0; i < times; i += 1) await client.apply(CONFIGMAP, configMap('a'));
      }, (writes) => counts.push(writes.length));
    await Promise.all([reconcile(1), reconcile(3)]);
    expect(counts).toEqual([1, 3]);
  });
});

it('writes nothing where writing is not allowed any more', async () => {
  const client = stubClient(() => stored);
  const fenced = trackingClient({ client, mayWrite: () => { throw new Error('not leading'); } });
  await expect(fenced.apply(CONFIGMAP, configMap('a'))).rejects.toThrow('not leading');
  await expect(fenced.delete(ref)).rejects.toThrow('not leading');
  expect(client.calls).toEqual([]);
});
