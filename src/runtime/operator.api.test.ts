/**
 * The runtime against a real kube-apiserver and etcd: what a stand-in would only confirm to whoever wrote it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import dotI, { type ResourceEvent } from '@dot-i/k8s-operator';
import { KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiServer } from '../../e2e/lib/apiserver.ts';
import { createLogger } from '../telemetry/log.ts';
import { createMetrics, type RuntimeMetrics } from '../telemetry/metrics.ts';
import { createClient, type KubeClient } from './client.ts';
import { systemClock } from './clock.ts';
import type { ControllerOptions } from './controller.ts';
import { isAlreadyExists, isInvalid } from './errors.ts';
import { KubeOperator } from './operator.ts';
import { Reflector } from './reflector.ts';
import { ownKey, source } from './sources.ts';
import { Store } from './store.ts';
import { startCuttingProxy } from './testing/cutting-proxy.ts';
import { eventually, when } from './testing/eventually.ts';
import { CONFIGMAP } from './testing/objects.ts';
import type { KubeObject, ResourceType, WatchingClient } from './types.ts';

const EVENT: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const WIDGET: ResourceType = { group: 'test.io', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };
const LEASE: ResourceType = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };
const quiet = createLogger('error');

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

let server: ApiServer;
let client: KubeClient;
let crdFile: string;

const configMap = (namespace: string, name: string, data: Record<string, string> = {}): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data });
const refTo = (namespace: string, name: string) => ({ type: CONFIGMAP, namespace, name });

function loadKubeConfig(port?: number): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(server.kubeconfig);
  const [cluster] = kubeConfig.clusters;
  if (port !== undefined) kubeConfig.clusters = [{ ...cluster!, server: `https://127.0.0.1:${port}` }];
  return kubeConfig;
}

async function namespace(name: string): Promise<string> {
  await server.call('POST', '/api/v1/namespaces', { metadata: { name } });
  return name;
}

beforeAll(async () => {
  server = await startApiServer();
  client = createClient({ kubeConfig: loadKubeConfig(), fieldManager: 'tester' });
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.test.io' },
    spec: { group: 'test.io', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }] },
  };
  crdFile = join(await mkdtemp(join(tmpdir(), 'crd-')), 'widgets.json');
  await writeFile(crdFile, JSON.stringify(crd));
  await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', crd);
  await eventually('the CRD is served', () => client.list(WIDGET).then(() => true, () => undefined));
});

afterAll(async () => {
  client.close();
  await rm(dirname(crdFile), { recursive: true });
  await server.stop();
});

describe('client', () => {
  it('creates, reads, applies, patches and deletes', async () => {
    const ns = await namespace('client');
    const created = await client.create(CONFIGMAP, configMap(ns, 'a', { by: 'create' }));
    expect(created.metadata.uid).toMatch(/-/);
    const applied = await client.apply<ConfigMap>(CONFIGMAP, configMap(ns, 'a', { by: 'apply' }));
    expect(applied.metadata.managedFields?.map(({ manager, operation }) => `${manager ?? ''} ${operation ?? ''}`)).toEqual(['tester Apply', 'tester Update']);
    const patched = await client.jsonPatch<ConfigMap>(refTo(ns, 'a'), [{ op: 'test', path: '/data/by', value: 'apply' }, { op: 'replace', path: '/data/by', value: 'patch' }]);
    expect(patched.data).toEqual({ by: 'patch' });
    expect((await client.get<ConfigMap>(refTo(ns, 'a')))?.data).toEqual({ by: 'patch' });
    await client.delete(refTo(ns, 'a'), { uid: created.metadata.uid! });
    expect(await client.get(refTo(ns, 'a'))).toBeUndefined();
  });

  it('tells refusals apart', async () => {
    const ns = await namespace('refusals');
    await client.create(CONFIGMAP, configMap(ns, 'a'));
    await expect(client.create(CONFIGMAP, configMap(ns, 'a'))).rejects.toSatisfy(isAlreadyExists);
    await expect(client.jsonPatch(refTo(ns, 'a'), [{ op: 'test', path: '/metadata/resourceVersion', value: '1' }])).rejects.toSatisfy(isInvalid);
    await client.delete(refTo(ns, 'a'), { uid: '00000000-0000-0000-0000-000000000000' });
    expect(await client.get(refTo(ns, 'a'))).toBeDefined();
  });

  it('applies a status apart from the spec', async () => {
    const ns = await namespace('status');
    const widget = { apiVersion: 'test.io/v1', kind: 'Widget', metadata: { namespace: ns, name: 'w' } };
    await client.apply(WIDGET, { ...widget, spec: { size: 1 } } as KubeObject);
    const applied = await client.applyStatus(WIDGET, { ...widget, status: { phase: 'Ready' } } as KubeObject);
    expect(applied).toMatchObject({ spec: { size: 1 }, status: { phase: 'Ready' } });
  });

  it('lists in pages, each item with its kind', async () => {
    const ns = await namespace('pages');
    for (const name of ['a', 'b', 'c']) await client.create(CONFIGMAP, configMap(ns, name));
    const first = await client.list(CONFIGMAP, { namespace: ns, limit: 2 });
    const second = await client.list(CONFIGMAP, { namespace: ns, limit: 2, continueToken: first.continueToken! });
    expect([...first.items, ...second.items].map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(['ConfigMap a', 'ConfigMap b', 'ConfigMap c']);
    expect(second.continueToken).toBeUndefined();
  });
});

describe('reflector', () => {
  it('follows through cut connections and a server that is away, deletions included', async () => {
    const ns = await namespace('reflector');
    await using proxy = await startCuttingProxy(Number(new URL(server.url).port));
    const proxied = createClient({ kubeConfig: loadKubeConfig(proxy.port), fieldManager: 'tester' });
    const store = new Store<ConfigMap>();
    const stop = new AbortController();
    const reflector = new Reflector({ client: proxied, type: CONFIGMAP, store, namespace: ns, clock: systemClock, log: quiet });
    const running = reflector.run(stop.signal);
    await client.create(CONFIGMAP, configMap(ns, 'a'));
    await eventually('the store has a', () => store.get(`${ns}/a`));
    proxy.cut();
    await client.create(CONFIGMAP, configMap(ns, 'b'));
    await eventually('the store has b', () => store.get(`${ns}/b`));
    proxy.close();
    await client.delete(refTo(ns, 'a'));
    await client.apply(CONFIGMAP, configMap(ns, 'b', { changed: 'yes' }));
    proxy.open();
    await eventually('the store has lost a', () => when(store.get(`${ns}/a`) === undefined));
    await eventually('the store has the new b', () => when(store.get(`${ns}/b`)?.data?.['changed'] === 'yes'));
    stop.abort();
    await running;
    proxied.close();
  });
});

type Init = (operator: TestOperator) => void;

class TestOperator extends KubeOperator {
  readonly #init: Init;
  readonly api: WatchingClient;
  readonly events = (event: Parameters<KubeOperator['recorder']['record']>[0]): void => { this.recorder.record(event); };

  constructor(init: Init, metrics: RuntimeMetrics, identity?: string) {
    const election = identity === undefined ? {} : { leaderElection: { namespace: 'default', name: 'test', identity } };
    super({ kubeConfig: loadKubeConfig(), log: quiet, metrics, name: 'tester', http: { host: '127.0.0.1', port: 0 }, ...election });
    this.#init = init;
    this.api = this.client;
  }

  protected override init(): Promise<void> {
    this.#init(this);
    return Promise.resolve();
  }

  watch<T extends KubeObject>(type: ResourceType, ns: string): Store<T> {
    return this.watchKind<T>(type, { namespaces: [ns] });
  }

  control(options: ControllerOptions): void {
    this.addController(options);
  }

  onEvents(type: ResourceType, ns: string, onEvent: (event: ResourceEvent) => Promise<void>): void {
    void this.watchResource(type.group, type.version, type.plural, onEvent, ns);
  }

  finalize(event: ResourceEvent, clean: () => Promise<void>): Promise<boolean> {
    return this.handleResourceFinalizer(event, 'test.io/finalizer', clean);
  }

  report(event: ResourceEvent, status: unknown): Promise<unknown> {
    return this.setResourceStatus(event.meta, status);
  }

  merge(event: ResourceEvent, status: unknown): Promise<unknown> {
    return this.patchResourceStatus(event.meta, status);
  }

  uriOf({ group, version, plural }: ResourceType): string {
    return this.getCustomResourceApiUri(group, version, plural, 'ml');
  }

  register(file: string) {
    return this.registerCustomResourceDefinition(file);
  }
}

async function run(init: Init, during: (operator: TestOperator) => Promise<void>, metrics = createMetrics()): Promise<void> {
  const operator = new TestOperator(init, metrics);
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
    const ns = await namespace('controller');
    const counts: string[] = [];
    const addOne = (operator: TestOperator): void => {
      const store = operator.watch<ConfigMap>(CONFIGMAP, ns);
      const reconcile = async (key: string): Promise<object> => {
        const count = store.get(key)?.data?.['count'] ?? '0';
        counts.push(count);
        if (Number(count) < 20) await operator.api.apply(CONFIGMAP, configMap(ns, 'a', { count: String(Number(count) + 1) }));
        return {};
      };
      operator.control({ name: 'counter', reconcile, sources: [source(store, (object) => ownKey(object).filter((key) => key.endsWith('/a')))] });
    };
    const metrics = createMetrics();
    await client.create(CONFIGMAP, configMap(ns, 'a', { count: '0' }));
    await run(addOne, async (operator) => {
      await eventually('it counted to 20', () => when(counts.includes('20')));
      const text = await (await fetch(`http://127.0.0.1:${operator.port ?? 0}/metrics`)).text();
      expect(text).toMatch(/controller_runtime_reconcile_total\{controller="counter",result="success"\} \d+/);
      expect(text).toMatch(/rest_client_requests_total\{method="PATCH",code="200",host="[^"]+"\} 20/);
      expect((await fetch(`http://127.0.0.1:${operator.port ?? 0}/readyz`)).status).toBe(200);
    }, metrics);
    expect(counts).toEqual([...new Set(counts)]);
  });

  it('tells events in the style of the base class, and adds and removes a finalizer', async () => {
    const ns = await namespace('events');
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
    const ns = await namespace('recorder');
    const about = await client.create(CONFIGMAP, configMap(ns, 'a'));
    await run(() => undefined, (operator) => {
      for (let i = 0; i < 3; i += 1) operator.events({ regarding: about, type: 'Normal', reason: 'Planned', action: 'Plan', note: 'Planned 4 to 2 GPUs.' });
      return Promise.resolve();
    });
    const { items } = await client.list<KubeObject & { series?: { count: number }; reason: string }>(EVENT, { namespace: ns });
    expect(items.map(({ reason, series }) => [reason, series?.count])).toEqual([['Planned', 3]]);
  });

  it('applies a CRD from its file, also when it exists', async () => {
    await run(() => undefined, async (operator) => {
      const registered = await operator.register(crdFile);
      expect(registered).toMatchObject({ group: 'test.io', plural: 'widgets' });
      expect(operator.uriOf(WIDGET)).toBe(`${server.url}/apis/test.io/v1/namespaces/ml/widgets`);
    });
  });

  it('hands leadership over when it stops, and stops by itself when its lease is taken away', async () => {
    const led: string[] = [];
    const lead = (name: string): Init => (operator) => {
      operator.control({ name, reconcile: () => { led.push(name); return Promise.resolve({}); }, sources: [{ attach: (add) => { add('once'); }, keys: () => [] }] });
    };
    const first = new TestOperator(lead('first'), createMetrics(), 'first');
    const second = new TestOperator(lead('second'), createMetrics(), 'second');
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
});
