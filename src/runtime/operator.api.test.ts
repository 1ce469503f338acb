/** The front door against a real API server: controllers, events in the style of the base class, recorder, CRD, leadership. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import dotI from '@dot-i/k8s-operator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeClient } from './client.ts';
import { createLogger } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { ownKey, source } from './sources.ts';
import { eventually, when } from './testing/eventually.ts';
import { Greeter } from './testing/greeter.ts';
import { CONFIGMAP } from './testing/objects.ts';
import { dataMap, refTo, startRealApi, WIDGET, widgetCrd, type ConfigMap, type RealApi } from './testing/real-api.ts';
import { TestOperator, type Init } from './testing/test-operator.ts';
import type { KubeObject, ResourceType } from './types.ts';

const EVENT: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const LEASE: ResourceType = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };

let api: RealApi;
let client: KubeClient;

beforeAll(async () => {
  api = await startRealApi();
  ({ client } = api);
});

afterAll(() => api[Symbol.asyncDispose]());

async function run(init: Init, during: (operator: TestOperator) => Promise<void>): Promise<void> {
  const operator = new TestOperator(api.kubeConfig(), init);
  await operator.start();
  try {
    await during(operator);
  } finally {
    operator.stop();
    await operator.finished();
  }
}

describe('operator', () => {
  it('reconciles, never from before its own writes, and serves what happened as metrics', async () => {
    const ns = await api.namespace('controller');
    const counts: string[] = [];
    const addOne = (operator: TestOperator): void => {
      const store = operator.watch<ConfigMap>(CONFIGMAP, ns);
      const reconcile = async (key: string): Promise<object> => {
        const count = store.get(key)?.data?.['count'] ?? '0';
        counts.push(count);
        if (Number(count) < 20) await operator.api.apply(CONFIGMAP, dataMap(ns, 'a', { count: String(Number(count) + 1) }));
        return {};
      };
      operator.control({ name: 'counter', reconcile, sources: [source(store, (object) => ownKey(object).filter((key) => key.endsWith('/a')))] });
    };
    await client.create(CONFIGMAP, dataMap(ns, 'a', { count: '0' }));
    await run(addOne, async (operator) => {
      await eventually('it counted to 20', () => when(counts.includes('20')));
      const text = await (await fetch(`http://127.0.0.1:${operator.port ?? 0}/metrics`)).text();
      expect(text).toMatch(/controller_runtime_reconcile_total\{controller="counter",result="success"\} \d+/);
      expect(text).toMatch(/rest_client_requests_total\{method="PATCH",code="200",host="[^"]+"\} 20/);
      expect((await fetch(`http://127.0.0.1:${operator.port ?? 0}/readyz`)).status).toBe(200);
    });
    expect(counts).toEqual([...new Set(counts)]);
  });

  it('tells events in the style of the base class, and adds and removes a finalizer', async () => {
    const ns = await api.namespace('events');
    const told: string[] = [];
    const { ResourceEventType } = dotI;
    const widget = { apiVersion: 'test.io/v1', kind: 'Widget', metadata: { namespace: ns, name: 'w', finalizers: ['other.io/keep'] } };
    let cleaned = 0;
    const listen = (operator: TestOperator): void => {
      operator.onEvents(WIDGET, ns, async (event) => {
        told.push(event.type);
        if (await operator.finalize(event, () => { cleaned += 1; return Promise.resolve(); })) return;
        if (event.type === ResourceEventType.Deleted) return;
        await operator.report(event, { phase: 'Seen' });
        await operator.merge(event, { more: 'merged' });
      });
    };
    const ref = { type: WIDGET, namespace: ns, name: 'w' };
    const finalizers = async (): Promise<readonly string[] | undefined> => (await client.get(ref))?.metadata.finalizers;
    await run(listen, async () => {
      await client.create(WIDGET, widget);
      const status = await eventually('the status is written', async () => {
        const written = (await client.get<KubeObject & { status?: { more?: string } }>(ref))?.status;
        return written?.more === undefined ? undefined : written;
      });
      expect(status).toEqual({ phase: 'Seen', more: 'merged' });
      expect(await finalizers()).toEqual(['other.io/keep', 'test.io/finalizer']);
      await client.delete(ref);
      await eventually('our finalizer is gone and the other one is not', async () => when((await finalizers())?.join() === 'other.io/keep'));
      await client.jsonPatch(ref, [{ op: 'remove', path: '/metadata/finalizers' }]);
      await eventually('the deletion is told', () => when(told.includes('DELETED')));
    });
    expect(cleaned).toBe(1);
    expect([told[0], told.at(-1)]).toEqual(['ADDED', 'DELETED']);
  });

  it('writes events that the API server accepts, repetitions as a series', async () => {
    const ns = await api.namespace('recorder');
    const about = await client.create(CONFIGMAP, dataMap(ns, 'a'));
    await run(() => undefined, (operator) => {
      for (let i = 0; i < 3; i += 1) operator.events({ regarding: about, type: 'Normal', reason: 'Planned', action: 'Plan', note: 'Planned 4 to 2 GPUs.' });
      return Promise.resolve();
    });
    const { items } = await client.list<KubeObject & { series?: { count: number }; reason: string }>(EVENT, { namespace: ns });
    expect(items.map(({ reason, series }) => [reason, series?.count])).toEqual([['Planned', 3]]);
  });

  it('applies a CRD from its file, also when it exists', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crd-'));
    const crdFile = join(folder, 'widgets.json');
    await writeFile(crdFile, JSON.stringify(widgetCrd));
    await run(() => undefined, async (operator) => {
      const registered = await operator.register(crdFile);
      expect(registered).toMatchObject({ group: 'test.io', plural: 'widgets' });
      expect(operator.uriOf(WIDGET)).toBe(`${api.url}/apis/test.io/v1/namespaces/ml/widgets`);
    });
    await rm(folder, { recursive: true });
  });

  it('hands leadership over when it stops, and stops by itself when its lease is taken away', async () => {
    const led: string[] = [];
    const lead = (name: string): Init => (operator) => {
      operator.control({ name, reconcile: () => { led.push(name); return Promise.resolve({}); }, sources: [{ attach: (add) => { add('once'); }, keys: () => [] }] });
    };
    const first = new TestOperator(api.kubeConfig(), lead('first'), 'first');
    const second = new TestOperator(api.kubeConfig(), lead('second'), 'second');
    await first.start();
    await eventually('the first leads', () => when(led.length === 1));
    await second.start();
    first.stop();
    await first.finished();
    await eventually('the second leads', () => when(led.length === 2), 10_000);
    expect(led).toEqual(['first', 'second']);
    await client.jsonPatch({ type: LEASE, namespace: 'default', name: 'test' }, [{ op: 'replace', path: '/spec/holderIdentity', value: 'thief' }]);
    await expect(second.finished()).rejects.toThrow('"thief" holds it now');
    await expect(second.api.delete(refTo('default', 'nothing'))).rejects.toThrow('does not lead any more');
  });

  it('runs the example of the README', async () => {
    const ns = await api.namespace('example');
    const greeter = new Greeter({ kubeConfig: api.kubeConfig(), log: createLogger('error'), metrics: createMetrics(), name: 'greeter', http: { host: '127.0.0.1', port: 0 } });
    await greeter.start();
    const ada = await client.create<ConfigMap>(CONFIGMAP, { ...dataMap(ns, 'ada'), metadata: { namespace: ns, name: 'ada', labels: { greet: 'Ada' } } });
    const greeting = await eventually('the greeting is there', () => client.get<ConfigMap>(refTo(ns, 'ada-greeting')));
    expect(greeting).toMatchObject({ data: { text: 'Hello, Ada' }, metadata: { ownerReferences: [{ uid: ada.metadata.uid }] } });
    await client.delete(refTo(ns, 'ada-greeting'));
    await eventually('the greeting is back', () => client.get(refTo(ns, 'ada-greeting')));
    greeter.stop();
    await greeter.finished();
  });
});
