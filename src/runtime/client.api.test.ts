/** The client and the reflector against a real API server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../telemetry/log.ts';
import { createClient, type KubeClient } from './client.ts';
import { systemClock } from './clock.ts';
import { isAlreadyExists, isInvalid } from './errors.ts';
import { Reflector } from './reflector.ts';
import { Store } from './store.ts';
import { startCuttingProxy } from './testing/cutting-proxy.ts';
import { eventually, when } from './testing/eventually.ts';
import { CONFIGMAP } from './testing/objects.ts';
import { dataMap, refTo, startRealApi, WIDGET, type ConfigMap, type RealApi } from './testing/real-api.ts';
import type { KubeObject } from './types.ts';

let api: RealApi;
let client: KubeClient;

beforeAll(async () => {
  api = await startRealApi();
  ({ client } = api);
});

afterAll(() => api[Symbol.asyncDispose]());

describe('client', () => {
  it('creates, reads, applies, patches and deletes', async () => {
    const ns = await api.namespace('client');
    const created = await client.create(CONFIGMAP, dataMap(ns, 'a', { by: 'create' }));
    expect(created.metadata.uid).toMatch(/-/);
    const applied = await client.apply<ConfigMap>(CONFIGMAP, dataMap(ns, 'a', { by: 'apply' }));
    expect(applied.metadata.managedFields?.map(({ manager, operation }) => `${manager ?? ''} ${operation ?? ''}`)).toEqual(['tester Apply', 'tester Update']);
    const patched = await client.jsonPatch<ConfigMap>(refTo(ns, 'a'), [{ op: 'test', path: '/data/by', value: 'apply' }, { op: 'replace', path: '/data/by', value: 'patch' }]);
    expect(patched.data).toEqual({ by: 'patch' });
    expect((await client.get<ConfigMap>(refTo(ns, 'a')))?.data).toEqual({ by: 'patch' });
    await client.delete(refTo(ns, 'a'), { uid: created.metadata.uid! });
    expect(await client.get(refTo(ns, 'a'))).toBeUndefined();
  });

  it('tells refusals apart', async () => {
    const ns = await api.namespace('refusals');
    await client.create(CONFIGMAP, dataMap(ns, 'a'));
    await expect(client.create(CONFIGMAP, dataMap(ns, 'a'))).rejects.toSatisfy(isAlreadyExists);
    await expect(client.jsonPatch(refTo(ns, 'a'), [{ op: 'test', path: '/metadata/resourceVersion', value: '1' }])).rejects.toSatisfy(isInvalid);
    await client.delete(refTo(ns, 'a'), { uid: '00000000-0000-0000-0000-000000000000' });
    expect(await client.get(refTo(ns, 'a'))).toBeDefined();
  });

  it('applies a status apart from the spec', async () => {
    const ns = await api.namespace('status');
    const widget = { apiVersion: 'test.io/v1', kind: 'Widget', metadata: { namespace: ns, name: 'w' } };
    await client.apply(WIDGET, { ...widget, spec: { size: 1 } } as KubeObject);
    const applied = await client.applyStatus(WIDGET, { ...widget, status: { phase: 'Ready' } } as KubeObject);
    expect(applied).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' } });
  });

  it('lists in pages, each item with its kind', async () => {
    const ns = await api.namespace('pages');
    for (const name of ['a', 'b', 'c']) await client.create(CONFIGMAP, dataMap(ns, name));
    const first = await client.list(CONFIGMAP, { namespace: ns, limit: 2 });
    const second = await client.list(CONFIGMAP, { namespace: ns, limit: 2, continueToken: first.continueToken! });
    expect([...first.items, ...second.items].map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['ConfigMap a', 'ConfigMap b', 'ConfigMap c']);
    expect(second.continueToken).toBeUndefined();
  });
});

describe('reflector', () => {
  it('follows through cut connections and a server that is away, deletions included', async () => {
    const ns = await api.namespace('reflector');
    await using proxy = await startCuttingProxy(Number(new URL(api.url).port));
    const proxied = createClient({ kubeConfig: api.kubeConfig(proxy.port), fieldManager: 'tester' });
    const store = new Store<ConfigMap>();
    const stop = new AbortController();
    const reflector = new Reflector({ client: proxied, type: CONFIGMAP, store, namespace: ns, clock: systemClock, log: createLogger('error') });
    const running = reflector.run(stop.signal);
    await client.create(CONFIGMAP, dataMap(ns, 'a'));
    await eventually('the store has a', () => store.get(`${ns}/a`));
    proxy.cut();
    await client.create(CONFIGMAP, dataMap(ns, 'b'));
    await eventually('the store has b', () => store.get(`${ns}/b`));
    proxy.close();
    await client.delete(refTo(ns, 'a'));
    await client.apply(CONFIGMAP, dataMap(ns, 'b', { changed: 'yes' }));
    proxy.open();
    await eventually('the store has lost a', () => when(store.get(`${ns}/a`) === undefined));
    await eventually('the store has the new b', () => when(store.get(`${ns}/b`)?.data?.['changed'] === 'yes'));
    stop.abort();
    await running;
    proxied.close();
  });
});
