import { PassThrough } from 'node:stream';
import { SpanStatusCode } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../telemetry/log.ts';
import { createMetrics, type RuntimeMetrics } from '../telemetry/metrics.ts';
import { recordSpans } from '../telemetry/testing/recorded-spans.ts';
import { withSpan } from '../telemetry/trace.ts';
import { Controller, type ControllerOptions } from './controller.ts';
import { ApiError, TerminalError } from './errors.ts';
import { ownKey, source } from './sources.ts';
import { Store } from './store.ts';
import { stubClient } from './testing/stub-client.ts';
import { ManualClock, settle } from './testing/manual-clock.ts';
import { CONFIGMAP, configMap } from './testing/objects.ts';
import type { ReconcileResult } from './types.ts';
import { trackingClient } from './writes.ts';

let clock: ManualClock;
let store: Store;
let metrics: RuntimeMetrics;
let output: PassThrough;
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  clock = new ManualClock();
  store = new Store();
  metrics = createMetrics();
  output = new PassThrough();
  stop = new AbortController();
  running = Promise.resolve();
});

afterEach(async () => {
  stop.abort();
  await clock.advance(0);
  await running;
  expect(clock.pendingTimers).toBe(0);
});

function start(reconcile: ControllerOptions['reconcile'], more: Partial<ControllerOptions> = {}, random = 0): void {
  const options = { name: 'test', reconcile, sources: [source(store, ownKey)], ...more };
  const stores = [{ type: CONFIGMAP, store }];
  running = new Controller(options, { clock, log: createLogger('info', output), metrics, stores, random: () => random }).run(stop.signal);
}

const lines = () => String(output.read() ?? '').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
const results = async () => {
  const { values } = await metrics.reconciles.get();
  return Object.fromEntries(values.filter(({ value }) => value > 0).map(({ labels, value }) => [String(labels.result), value]));
};

describe('the retry contract', () => {
  const failWith = (error: unknown) => () => { throw error; };
  it.each([
    { name: 'an error: again after 5, 10, 20, 40 ms', outcome: failWith(new Error('e')), at: [0, 5, 15, 35, 75], result: { error: 5 } },
    { name: 'what is no Error: the same', outcome: failWith('text'), at: [0, 5, 15, 35, 75], result: { error: 5 } },
    { name: 'a TerminalError: not again', outcome: failWith(new TerminalError('e')), at: [0], result: { error: 1 } },
    { name: 'a server that says when: then', outcome: failWith(new ApiError(429, { reason: '', message: '', retryAfterMs: 60 })), at: [0, 60], result: { error: 2 } },
    { name: 'requeueAfterMs: then', outcome: () => ({ requeueAfterMs: 40 }), at: [0, 40, 80], result: { requeue_after: 3 } },
    { name: 'done: not again', outcome: () => ({}), at: [0], result: { success: 1 } },
  ])('$name', async ({ outcome, at, result }) => {
    const seen: number[] = [];
    store.upsert(configMap('a'));
    start(() => {
      seen.push(clock.elapsedMs());
      return Promise.resolve<ReconcileResult>(outcome());
    });
    await clock.advance(100);
    expect(seen).toEqual(at);
    expect(await results()).toEqual(result);
  });

  it('starts with the shortest delay again after a success', async () => {
    const seen: number[] = [];
    store.upsert(configMap('a', { resourceVersion: '1' }));
    start(() => {
      seen.push(clock.elapsedMs());
      return seen.length === 3 ? Promise.resolve({ requeueAfterMs: 100 }) : Promise.reject(new Error('e'));
    });
    await clock.advance(125);
    expect(seen).toEqual([0, 5, 15, 115, 120]);
  });
});

describe('workers', () => {
  it('reconcile different keys at once, one key never', async () => {
    const inFlight = new Map<string, number>();
    let most = 0;
    for (const name of ['a', 'b', 'c']) store.upsert(configMap(name, { resourceVersion: '1' }));
    start(async (key) => {
      inFlight.set(key, (inFlight.get(key) ?? 0) + 1);
      expect(inFlight.get(key)).toBe(1);
      most = Math.max(most, inFlight.size);
      await new Promise<void>((resolve) => clock.after(10, resolve));
      inFlight.delete(key);
      return {};
    }, { concurrency: 2 });
    await settle();
    store.upsert(configMap('a', { resourceVersion: '2' }));
    await clock.advance(100);
    expect(most).toBe(2);
    expect(await results()).toEqual({ success: 4 });
  });

  it('name the key and one id in every log line of a reconcile', async () => {
    store.upsert(configMap('a'));
    start(() => Promise.reject(new Error('broken')));
    await clock.advance(0);
    const [line] = lines();
    expect(line).toMatchObject({ level: 'error', controller: 'test', namespace: 'ml', name: 'a', error: { message: 'broken' } });
    expect(line?.['reconcileID']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('make a span of each reconcile, which its log lines name', async () => {
    using spans = recordSpans();
    store.upsert(configMap('a'));
    start(() => withSpan('observe', {}, () => Promise.reject(new Error('broken'))));
    await clock.advance(0);
    const reconcile = spans.ended().find(({ name }) => name === 'reconcile');
    const [line] = lines();
    expect(spans.tree()).toEqual(['reconcile > observe', 'reconcile']);
    expect(reconcile?.attributes).toEqual({ controller: 'test', 'k8s.namespace.name': 'ml', 'k8s.object.name': 'a', 'reconcile.id': line?.['reconcileID'], 'reconcile.result': 'error' });
    expect(reconcile?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'broken' });
    expect(line?.['trace_id']).toBe(reconcile?.spanContext().traceId);
  });

  it('finish the reconcile under way when stopped, and start no other', async () => {
    let finish: () => void = () => undefined;
    const ended: string[] = [];
    for (const name of ['a', 'b']) store.upsert(configMap(name));
    start(async (key) => {
      await new Promise<void>((resolve) => { finish = resolve; });
      ended.push(key);
      return {};
    }, { concurrency: 1 });
    await settle();
    stop.abort();
    await settle();
    finish();
    await running;
    expect(ended).toEqual(['ml/a']);
  });
});

it('fails as a whole when a worker dies, instead of going on with fewer', async () => {
  store.upsert(configMap('a'));
  metrics.reconcileSeconds.observe = () => { throw new Error('no memory for a histogram'); };
  start(() => Promise.resolve({}));
  const ended = expect(running).rejects.toThrow('no memory for a histogram');
  running = running.catch(() => undefined);
  await clock.advance(0);
  await ended;
});

it.each([
  { random: 0, seen: [0, 600_000, 1_200_000, 1_800_000] },
  { random: 1, seen: [0, 900_000, 1_800_000] },
])('looks at every key again after ten minutes, lengthened by up to a half ($random)', async ({ random, seen }) => {
  const at: number[] = [];
  store.upsert(configMap('a'));
  start(() => { at.push(clock.elapsedMs()); return Promise.resolve({}); }, {}, random);
  await clock.advance(1_800_000);
  expect(at).toEqual(seen);
});

it.each([
  'controller_runtime_reconcile_total{controller="test",result="success"} 0',
  'controller_runtime_reconcile_total{controller="test",result="error"} 0',
  'controller_runtime_reconcile_total{controller="test",result="requeue_after"} 0',
  'controller_runtime_reconcile_errors_total{controller="test"} 0',
  'controller_runtime_terminal_reconcile_errors_total{controller="test"} 0',
  'controller_runtime_max_concurrent_reconciles{controller="test"} 4',
  'controller_runtime_active_workers{controller="test"} 0',
  'workqueue_depth{name="test",controller="test"} 0',
  'workqueue_adds_total{name="test",controller="test"} 0',
  'workqueue_retries_total{name="test",controller="test"} 0',
  'workqueue_unfinished_work_seconds{name="test",controller="test"} 0',
  'workqueue_longest_running_processor_seconds{name="test",controller="test"} 0',
])('shows %s before anything has happened', async (line) => {
  start(() => Promise.resolve({}));
  expect((await metrics.registry.metrics()).split('\n')).toContain(line);
});

it('counts delays of both kinds as retries, and shows how long keys waited and took', async () => {
  let failures = 2;
  store.upsert(configMap('a'));
  start(() => (failures-- > 0 ? Promise.reject(new Error('e')) : Promise.resolve(failures === -1 ? { requeueAfterMs: 10 } : {})));
  await clock.advance(100);
  const text = await metrics.registry.metrics();
  expect(text).toContain('workqueue_retries_total{name="test",controller="test"} 3');
  expect(text).toContain('workqueue_queue_duration_seconds_count{name="test",controller="test"} 4');
  expect(text).toContain('workqueue_work_duration_seconds_count{name="test",controller="test"} 4');
  expect(text).toContain('controller_runtime_reconcile_time_seconds_count{controller="test"} 4');
});

it('does not reconcile again before the store shows what was written', async () => {
  const seen: (string | undefined)[] = [];
  const client = trackingClient({ client: stubClient(() => configMap('a', { uid: 'u', resourceVersion: '9' })), mayWrite: () => undefined });
  store.upsert(configMap('a', { uid: 'u', resourceVersion: '1' }));
  start(async (key) => {
    seen.push(store.get(key)?.metadata.resourceVersion);
    if (seen.length === 1) await client.applyStatus(CONFIGMAP, configMap('a'));
    return {};
  });
  await settle();
  store.upsert(configMap('a', { uid: 'u', resourceVersion: '5' }));
  await settle();
  expect(seen).toEqual(['1']);
  store.upsert(configMap('a', { uid: 'u', resourceVersion: '9' }));
  await settle();
  expect(seen).toEqual(['1', '9']);
});
