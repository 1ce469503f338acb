import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger, type Logger } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { createClient } from './client.ts';
import { systemClock } from './clock.ts';
import { LostLeaseError } from './leader.ts';
import { Manager, type ManagerOptions } from './manager.ts';
import { ownKey, source } from './sources.ts';
import { eventually, when } from './testing/eventually.ts';
import { sendJson, startLoopbackServer, type LoopbackServer, type Received } from './testing/loopback-server.ts';
import { LeaseServer } from './testing/lease-server.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { CONFIGMAP, configMap, NODE } from './testing/objects.ts';
import type { ConnectedClient } from './types.ts';

type Held = (response: ServerResponse) => void;

let server: LoopbackServer;
let manager: Manager;
let answerList: Held;

const listed: Held = (response) => { sendJson(response, 200, { kind: 'ConfigMapList', metadata: { resourceVersion: '5' }, items: [configMap('a', { uid: 'u', resourceVersion: '4' })] }); };

beforeEach(async () => {
  answerList = listed;
  server = await startLoopbackServer(({ query }: Received, response) => {
    if (query['watch'] === 'true') response.writeHead(200).flushHeaders();
    else answerList(response);
  });
  manager = create({ http: { host: '127.0.0.1', port: 0 } });
});

function create(more: Partial<ManagerOptions> = {}): Manager {
  const connection = { kubeConfig: server.kubeConfig, fieldManager: 'tester' };
  const clients = { client: createClient(connection), leaseClient: createClient(connection) };
  return new Manager({ ...clients, clock: systemClock, log: createLogger('error'), metrics: createMetrics(), name: 'tester', ...more });
}

afterEach(async () => {
  manager.stop();
  await manager.finished().catch(() => undefined);
  await server[Symbol.asyncDispose]();
});

const ask = async (path: string) => {
  const response = await fetch(`http://127.0.0.1:${manager.port ?? 0}${path}`);
  return { code: response.status, text: await response.text() };
};
const readiness = () => ask('/readyz');

/** A manager that takes part in an election on a Lease of its own. */
function createElected(clock: ManualClock, more: Partial<ManagerOptions> = {}): LeaseServer {
  const leases = new LeaseServer();
  const leaseClient = Object.assign(leases, { close: () => undefined }) as unknown as ConnectedClient;
  manager = create({ clock, leaseClient, leaderElection: { namespace: 'sys', name: 'op', identity: 'a' }, ...more });
  return leases;
}

describe('start', () => {
  it('is ready and reconciles only when every store has had its first list', async () => {
    const held: ServerResponse[] = [];
    answerList = (response) => held.push(response);
    const seen: string[] = [];
    const store = manager.watchKind(CONFIGMAP);
    manager.addController({ name: 'test', sources: [source(store, ownKey)], reconcile: (key) => { seen.push(key); return Promise.resolve({}); } });
    const started = manager.start();
    await eventually('the list is asked for', () => when(held.length === 1));
    expect(await readiness()).toEqual({ code: 503, text: 'configmaps.v1. is not synced yet: its first list is under way.\n' });
    expect(seen).toEqual([]);
    listed(held[0]!);
    await started;
    expect((await readiness()).code).toBe(200);
    await eventually('it reconciles', () => when(seen.length === 1));
    expect(seen).toEqual(['ml/a']);
  });

  it('says why it is not ready', async () => {
    answerList = (response) => { sendJson(response, 403, { kind: 'Status', reason: 'Forbidden', message: 'the operator may not list configmaps' }); };
    manager.watchKind(CONFIGMAP);
    const started = manager.start();
    await eventually('it serves', () => manager.port);
    await eventually('the refusal is shown', async () => when((await readiness()).text.includes('may not list configmaps')));
    manager.stop();
    await started;
  });

  it('watches each given namespace by itself, and cluster-scoped kinds once', async () => {
    manager.watchKind(CONFIGMAP, { namespaces: ['x', 'y'], labelSelector: 'a=b' });
    manager.watchKind(NODE, { namespaces: ['x', 'y'] });
    await manager.start();
    const lists = server.received.filter(({ query }) => query['watch'] === undefined);
    expect(lists.map(({ path }) => path).toSorted()).toEqual(['/api/v1/namespaces/x/configmaps', '/api/v1/namespaces/y/configmaps', '/api/v1/nodes']);
    expect(lists.filter(({ query }) => query['labelSelector'] === 'a=b')).toHaveLength(2);
  });

  it('refuses a label selector that it could not judge', async () => {
    expect(() => manager.watchKind(CONFIGMAP, { labelSelector: 'a in (b)' })).toThrow('uses sets');
    await manager.start();
  });
});

describe('stop', () => {
  it('lets the reconcile under way end before it is finished', async () => {
    const work = Promise.withResolvers<undefined>();
    const order: string[] = [];
    const store = manager.watchKind(CONFIGMAP);
    const reconcile = async (): Promise<object> => {
      order.push('began');
      await work.promise;
      order.push('reconciled');
      return {};
    };
    manager.addController({ name: 'test', sources: [source(store, ownKey)], reconcile });
    await manager.start();
    await eventually('it reconciles', () => when(order.length === 1));
    manager.stop();
    const finished = manager.finished().then(() => order.push('finished'));
    expect((await readiness()).text).toBe('The operator is stopping.\n');
    work.resolve(undefined);
    await finished;
    expect(order).toEqual(['began', 'reconciled', 'finished']);
  });

  it('ends a start that waits for the API server', async () => {
    answerList = () => undefined;
    manager.watchKind(CONFIGMAP);
    const started = manager.start();
    await eventually('the list is asked for', () => when(server.received.length === 1));
    manager.stop();
    await started;
    await manager.finished();
  });
});

it('is alive as long as it does not believe to lead with a lease that is overdue', async () => {
  const clock = new ManualClock();
  createElected(clock, { http: { host: '127.0.0.1', port: 0 } });
  await manager.start();
  await clock.advance(1_000);
  expect(await ask('/healthz')).toEqual({ code: 200, text: 'ok\n' });
  clock.jump(16_000);
  expect(await ask('/healthz')).toEqual({ code: 503, text: 'The lease is overdue and the process has not stopped.\n' });
});

describe('what ends it', () => {
  it('is a lost lease, without waiting for work that the next leader may have taken up', async () => {
    const clock = new ManualClock();
    const leases = createElected(clock);
    let reconciling = false;
    manager.addController({ name: 'endless', sources: [{ attach: (add) => { add('once'); }, keys: () => [] }], reconcile: () => { reconciling = true; return new Promise(() => undefined); } });
    await manager.start();
    await clock.advance(1_000);
    expect(reconciling).toBe(true);
    leases.put({ holderIdentity: 'b', leaseDurationSeconds: 15, renewTime: '1' });
    const ended = manager.finished().catch((thrown: unknown) => thrown);
    await clock.advance(3_000);
    expect(await ended).toBeInstanceOf(LostLeaseError);
    await expect(manager.client.delete({ type: CONFIGMAP, namespace: 'ml', name: 'a' })).rejects.toThrow('does not lead any more');
  });

  it('is a watch that has died of a bug', async () => {
    const log: Logger = { ...createLogger('error'), warn: () => { throw new Error('a bug'); } };
    answerList = (response) => { sendJson(response, 500, {}); };
    manager = create({ log });
    manager.watchKind(CONFIGMAP);
    await expect(manager.start()).rejects.toThrow('a bug');
    await expect(manager.finished()).rejects.toThrow('a bug');
  });

  it('may come before the start', async () => {
    manager.watchKind(CONFIGMAP);
    manager.stop();
    await manager.start();
    await manager.finished();
    expect(server.received).toEqual([]);
  });
});
