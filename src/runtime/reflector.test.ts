import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../telemetry/log.ts';
import { ApiError } from './errors.ts';
import { Reflector } from './reflector.ts';
import { Store, type Change } from './store.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { CONFIGMAP, configMap } from './testing/objects.ts';
import type { KubeObject, ListOptions, ListPage, WatchEvent, WatchOptions } from './types.ts';

type Page = ListPage<KubeObject> | ApiError;
type Step = WatchEvent<KubeObject> | ApiError | 'silence' | 'close' | { readonly afterMs: number };

const error = (code: number, message = 'm') => new ApiError(code, { reason: '', message });
const askedFor = (seconds: number) => new ApiError(429, { reason: 'TooManyRequests', message: 'm', retryAfterMs: seconds * 1000 });
const object = (name: string, resourceVersion: string) => configMap(name, { uid: name, resourceVersion });
const event = (type: WatchEvent<KubeObject>['type'], name: string, version: string): Step => ({ type, object: object(name, version) });
const unfinished = (resourceVersion: string, ...items: KubeObject[]): Page => ({ items, resourceVersion, continueToken: 't' });
const page = (resourceVersion: string, ...items: KubeObject[]): Page => ({ items, resourceVersion });

/** Answers each list and each watch with the next of its script; what comes after the script is silence. */
class ScriptedServer {
  readonly lists: ListOptions[] = [];
  readonly watches: (WatchOptions & { readonly at: number })[] = [];
  readonly #clock: ManualClock;
  readonly #pages: Page[];
  readonly #streams: Step[][];

  constructor(clock: ManualClock, pages: Page[], streams: Step[][]) {
    this.#clock = clock;
    this.#pages = pages;
    this.#streams = streams;
  }

  list<T>(_type: unknown, options: ListOptions = {}): Promise<ListPage<T>> {
    this.lists.push(options);
    const next = this.#pages.shift() ?? page('1');
    return next instanceof ApiError ? Promise.reject(next) : Promise.resolve(next as ListPage<T>);
  }

  async *watch<T>(_type: unknown, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    this.watches.push({ ...options, at: this.#clock.elapsedMs() });
    for (const step of this.#streams.shift() ?? ['silence']) {
      if (step === 'close') return;
      if (step instanceof ApiError) throw step;
      if (step === 'silence') await new Promise((resolve) => { options.signal.addEventListener('abort', resolve); });
      else if ('afterMs' in step) await new Promise<void>((resolve) => this.#clock.after(step.afterMs, resolve));
      else yield step as WatchEvent<T>;
    }
  }
}

let clock: ManualClock;
let store: Store;
let changes: string[];
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  clock = new ManualClock();
  store = new Store();
  changes = [];
  stop = new AbortController();
  store.onChange(({ type, before, after }: Change<KubeObject>) => changes.push(`${type} ${(after ?? before)?.metadata.name ?? ''}`));
});

afterEach(async () => {
  stop.abort();
  await clock.advance(0);
  await running;
  expect(clock.pendingTimers).toBe(0);
});

function start(pages: Page[], streams: Step[][] = [], more: { namespace?: string; labelSelector?: string; fieldSelector?: string } = {}) {
  const server = new ScriptedServer(clock, pages, streams);
  const reflector = new Reflector({ client: server, type: CONFIGMAP, store, clock, log: createLogger('error'), random: () => 0.5, ...more });
  running = reflector.run(stop.signal);
  return { server, reflector };
}

describe('list and watch', () => {
  it('fills the store, is synced, and follows the events from the version of the list', async () => {
    const { server, reflector } = start([page('5', object('a', '3'))], [[event('ADDED', 'b', '6'), event('MODIFIED', 'a', '7'), event('DELETED', 'b', '8'), 'silence']]);
    expect(reflector.synced).toBe(false);
    await clock.advance(0);
    expect(reflector.synced).toBe(true);
    expect(changes).toEqual(['Added a', 'Added b', 'Modified a', 'Deleted b']);
    expect(server.watches[0]).toMatchObject({ resourceVersion: '5', timeoutSeconds: 450 });
  });

  it('asks for its namespace, labels and fields in both', async () => {
    const { server } = start([page('5')], [], { namespace: 'ml', labelSelector: 'a=b', fieldSelector: 'metadata.name=a' });
    await clock.advance(0);
    expect(server.lists[0]).toMatchObject({ namespace: 'ml', labelSelector: 'a=b', fieldSelector: 'metadata.name=a' });
    expect(server.watches[0]).toMatchObject({ namespace: 'ml', labelSelector: 'a=b', fieldSelector: 'metadata.name=a' });
  });

  it('collects all pages before it says what is gone', async () => {
    const { server } = start([unfinished('5', object('a', '3')), page('5', object('b', '4'))]);
    await clock.advance(0);
    expect(changes).toEqual(['Added a', 'Added b']);
    expect(server.lists.map(({ continueToken }) => continueToken)).toEqual([undefined, 't']);
  });

  it('holds of a page only what the store keeps', async () => {
    const whole = { ...object('a', '3'), metadata: { ...object('a', '3').metadata, managedFields: [{ manager: 'kubectl' }] } };
    const { server } = start([unfinished('5', whole), page('5')]);
    const asked: boolean[] = [];
    const trim = store.trim.bind(store);
    store.trim = (raw) => {
      asked.push(server.lists.length === 1);
      return trim(raw);
    };
    await clock.advance(0);
    expect(asked[0]).toBe(true);
    expect(store.get('ml/a')?.metadata).not.toHaveProperty('managedFields');
  });

  it('lists in one piece when a page token has expired', async () => {
    const { server } = start([unfinished('5', object('a', '3')), error(410), page('9', object('b', '4'))]);
    await clock.advance(0);
    expect(changes).toEqual(['Added b']);
    expect(server.lists[2]?.limit).toBeUndefined();
  });
});

describe('going on after a watch ended', () => {
  it.each([
    { name: 'a connection lost: from the last version', end: error(0), lists: 1, from: '9' },
    { name: 'a server in trouble: from the last version', end: error(503), lists: 1, from: '9' },
    { name: 'a normal close: from the last version', end: 'close' as const, lists: 1, from: '9' },
    { name: 'a server that cannot read our version: with a new list', end: error(500), lists: 2, from: '20' },
    { name: '410: with a new list', end: error(410), lists: 2, from: '20' },
    { name: 'a version from before an etcd restore: with a new list', end: error(504, 'Too large resource version: 9, current: 3'), lists: 2, from: '20' },
    { name: 'anything unknown: with a new list', end: error(400), lists: 2, from: '20' },
  ])('$name', async ({ end, lists, from }) => {
    const { server } = start([page('5'), page('20')], [[event('BOOKMARK', '', '9'), end]]);
    await clock.advance(1000);
    expect(server.lists).toHaveLength(lists);
    expect(server.watches[1]?.resourceVersion).toBe(from);
  });

  it('delivers deletions of the gap at the new list', async () => {
    start([page('5', object('a', '3'), object('b', '4')), page('20', object('b', '4'))], [[error(410)]]);
    await clock.advance(1000);
    expect(changes).toEqual(['Added a', 'Added b', 'Deleted a']);
  });

  it('slows down while watches are short, and starts at once after a long one', async () => {
    const short: Step[] = [event('ADDED', 'a', '6'), 'close'];
    const { server } = start([page('5')], [short, short, short, [{ afterMs: 60_000 }, 'close'], short]);
    await clock.advance(120_000);
    const gaps = server.watches.slice(1).map(({ at }, index) => at - server.watches[index]!.at);
    expect(gaps).toEqual([300, 600, 1200, 60_000, 300]);
  });

  it.each([
    { name: 'when a list is refused', pages: [askedFor(7)], streams: [], at: 7_000 },
    { name: 'when a watch is refused', pages: [page('5')], streams: [[askedFor(7)]], at: 7_000 },
    { name: 'when a long watch is broken off', pages: [page('5')], streams: [[{ afterMs: 60_000 }, askedFor(7)]], at: 67_000 },
    { name: 'but not for an hour', pages: [askedFor(3600)], streams: [], at: 60_000 },
  ])('waits as long as the server asked: $name', async ({ pages, streams, at }) => {
    const { server } = start(pages, streams);
    await clock.advance(at - 1);
    const before = server.lists.length + server.watches.length;
    await clock.advance(1);
    expect(server.lists.length + server.watches.length).toBeGreaterThan(before);
  });

  it('slows down while lists fail, up to a limit', async () => {
    const { server } = start(Array.from({ length: 20 }, () => error(500)));
    await clock.advance(300_000);
    expect(server.lists.length).toBeGreaterThan(8);
    expect(server.lists.length).toBeLessThan(20);
  });
});

describe('a silent connection', () => {
  it('is given up, and everything is listed again', async () => {
    const { server } = start([page('5'), page('3')], [[event('BOOKMARK', '', '9'), 'silence']]);
    await clock.advance(149_000);
    expect(server.watches).toHaveLength(1);
    await clock.advance(2_000);
    expect(server.watches[1]?.resourceVersion).toBe('3');
  });

  it('is left alone as long as bookmarks come', async () => {
    const minute: Step[] = [{ afterMs: 60_000 }, event('BOOKMARK', '', '9')];
    const { server } = start([page('5')], [[...minute, ...minute, ...minute, ...minute, 'silence']]);
    await clock.advance(240_000);
    expect(server.watches).toHaveLength(1);
  });
});

describe('a kind that is not installed', () => {
  it('is synced and empty, looked for slowly, and found when it comes', async () => {
    const { server, reflector } = start([error(404), error(404), page('5', object('a', '3'))]);
    await clock.advance(0);
    expect(reflector.synced).toBe(true);
    await clock.advance(59_000);
    expect(server.lists).toHaveLength(2);
    await clock.advance(2_000);
    expect(changes).toEqual(['Added a']);
  });

  it('takes its objects along when it is uninstalled', async () => {
    start([page('5', object('a', '3')), error(404), error(404)], [[error(410)]]);
    await clock.advance(31_000);
    expect(changes).toEqual(['Added a', 'Deleted a']);
  });

  it('keeps its objects over one 404, as a proxy gives while a server restarts', async () => {
    const { server } = start([page('5', object('a', '3')), error(404), page('6', object('a', '3'))], [[error(410)]]);
    await clock.advance(31_000);
    expect(server.lists).toHaveLength(3);
    expect(changes).toEqual(['Added a']);
  });
});

it('stops at once when told so', async () => {
  const { server } = start([page('5')], [[event('ADDED', 'a', '6'), 'silence']]);
  await clock.advance(0);
  stop.abort();
  await running;
  await clock.advance(600_000);
  expect(server.watches).toHaveLength(1);
});
