import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createClient, type KubeClient } from './client.ts';
import { ApiError } from './errors.ts';
import { CONFIGMAP, configMap, JOB } from './testing/objects.ts';
import { kubeConfigFor, sendJson, startLoopbackServer, type LoopbackServer, type Respond } from './testing/loopback-server.ts';
import type { WatchEvent } from './types.ts';

const ref = { type: CONFIGMAP, namespace: 'ml', name: 'a' };
const status = (code: number, reason: string, message: string) => ({ kind: 'Status', apiVersion: 'v1', code, reason, message });

let server: LoopbackServer | undefined;
let client: KubeClient;
const requests: string[] = [];

async function serve(respond: Respond, limit: { readonly requestTimeoutMs?: number } = {}): Promise<LoopbackServer> {
  requests.length = 0;
  server = await startLoopbackServer(respond);
  client = createClient({ kubeConfig: server.kubeConfig, fieldManager: 'tester', ...limit, onRequest: (method, code) => requests.push(`${method} ${code}`) });
  return server;
}

afterEach(async () => {
  client.close();
  await server?.[Symbol.asyncDispose]();
});

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  return promise.then(() => { throw new Error('it resolved'); }, (error: unknown) => error as ApiError);
}

describe('what is sent', () => {
  const object = configMap('a');
  const managed = { fieldManager: 'tester' };
  it.each([
    { name: 'create', act: () => client.create(CONFIGMAP, object), method: 'POST', path: '/api/v1/namespaces/ml/configmaps', query: managed, type: 'application/json' },
    { name: 'strict create', act: () => client.create(CONFIGMAP, object, { strict: true }), method: 'POST', path: '/api/v1/namespaces/ml/configmaps', query: { ...managed, fieldValidation: 'Strict' }, type: 'application/json' },
    { name: 'create for nothing but its answer', act: () => client.create(CONFIGMAP, object, { dryRun: true }), method: 'POST', path: '/api/v1/namespaces/ml/configmaps', query: { ...managed, dryRun: 'All' }, type: 'application/json' },
    { name: 'apply', act: () => client.apply(CONFIGMAP, object), method: 'PATCH', path: '/api/v1/namespaces/ml/configmaps/a', query: { ...managed, force: 'true' }, type: 'application/apply-patch+yaml' },
    { name: 'applyStatus', act: () => client.applyStatus(CONFIGMAP, object), method: 'PATCH', path: '/api/v1/namespaces/ml/configmaps/a/status', query: { ...managed, force: 'true' }, type: 'application/apply-patch+yaml' },
    { name: 'jsonPatch', act: () => client.jsonPatch(ref, [{ op: 'remove', path: '/data' }]), method: 'PATCH', path: '/api/v1/namespaces/ml/configmaps/a', query: managed, type: 'application/json-patch+json' },
    { name: 'delete', act: () => client.delete(ref), method: 'DELETE', path: '/api/v1/namespaces/ml/configmaps/a', query: {}, type: 'application/json' },
  ])('$name', async ({ act, method, path, query, type }) => {
    const { received } = await serve((_, response) => { sendJson(response, 200, object); });
    await act();
    expect(received[0]).toMatchObject({ method, path, query, headers: { 'content-type': type, authorization: 'Bearer secret', 'user-agent': 'tester' } });
    expect(requests).toEqual([`${method} 200`]);
  });

  it('keeps its connection for the next request', async () => {
    const ports = new Set<number | undefined>();
    await serve((_, response) => { ports.add(response.socket?.remotePort); sendJson(response, 200, configMap('a')); });
    await client.get(ref);
    await client.get(ref);
    expect(ports.size).toBe(1);
  });

  it('sends a user name and password where the kubeconfig has them', async () => {
    const { received, url } = await serve((_, response) => { sendJson(response, 200, configMap('a')); });
    const basic = createClient({ kubeConfig: kubeConfigFor(url, { username: 'u', password: 'p' }), fieldManager: 'tester' });
    await basic.get(ref);
    basic.close();
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('u:p').toString('base64')}`);
  });

  it('sends the token of the file that a pod is given, and the new one a minute after its rotation', async () => {
    const { received, url } = await serve((_, response) => { sendJson(response, 200, configMap('a')); });
    const folder = await mkdtemp(join(tmpdir(), 'token-'));
    await writeFile(join(folder, 'token'), 'from-file');
    const user = { authProvider: { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } } };
    const inCluster = createClient({ kubeConfig: kubeConfigFor(url, user), fieldManager: 'tester' });
    await inCluster.get(ref);
    await writeFile(join(folder, 'token'), 'rotated');
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    vi.advanceTimersByTime(70_000);
    await inCluster.get(ref);
    vi.useRealTimers();
    inCluster.close();
    await rm(folder, { recursive: true });
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer from-file', 'Bearer rotated']);
  });

  it('deletes one incarnation only where asked', async () => {
    const { received } = await serve((_, response) => { sendJson(response, 200, {}); });
    await client.delete(ref, { uid: 'u1', propagation: 'Foreground' });
    expect(JSON.parse(received[0]!.body)).toEqual({ propagationPolicy: 'Foreground', preconditions: { uid: 'u1' } });
  });
});

describe('list', () => {
  it('names the kind in every item and hands on the page', async () => {
    const { received } = await serve((_, response) => {
      sendJson(response, 200, { kind: 'ConfigMapList', metadata: { resourceVersion: '7', continue: 'next' }, items: [{ metadata: { name: 'a' } }] });
    });
    const page = await client.list(CONFIGMAP, { namespace: 'ml', limit: 1, labelSelector: 'x=y', fieldSelector: 'metadata.name=a', continueToken: 'this' });
    expect(page).toEqual({ items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }], resourceVersion: '7', continueToken: 'next' });
    expect(received[0]?.query).toEqual({ limit: '1', labelSelector: 'x=y', fieldSelector: 'metadata.name=a', continue: 'this' });
  });

  it('takes null items for none', async () => {
    await serve((_, response) => { sendJson(response, 200, { metadata: { resourceVersion: '7', continue: '' }, items: null }); });
    expect(await client.list(JOB)).toEqual({ items: [], resourceVersion: '7' });
  });
});

describe('refusals', () => {
  it.each([
    { name: 'a Status', code: 409, body: status(409, 'AlreadyExists', 'it exists'), expected: { code: 409, reason: 'AlreadyExists', message: 'it exists' } },
    { name: 'a page that is no Status', code: 502, body: 'bad gateway', expected: { code: 502, reason: '', message: '"bad gateway"' } },
    { name: 'a Status that says when to come back', code: 429, body: { ...status(429, 'TooManyRequests', 'slow'), details: { retryAfterSeconds: 3 } }, expected: { code: 429, retryAfterMs: 3000 } },
  ])('$name', async ({ code, body, expected }) => {
    await serve((_, response) => { sendJson(response, code, body); });
    const error = await failure(client.apply(CONFIGMAP, configMap('a')));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject(expected);
    expect(requests).toEqual([`PATCH ${code}`]);
  });

  it.each([
    { name: 'get of what is not there', code: 404, reason: 'NotFound', act: () => client.get(ref) },
    { name: 'delete of what is gone', code: 404, reason: 'NotFound', act: () => client.delete(ref) },
    { name: 'delete of another incarnation', code: 409, reason: 'Conflict', act: () => client.delete(ref, { uid: 'old' }) },
  ])('$name is no error', async ({ code, reason, act }) => {
    await serve((_, response) => { sendJson(response, code, status(code, reason, 'm')); });
    expect(await act()).toBeUndefined();
  });

  it.each([
    { name: 'a server that is not there', respond: undefined, requestTimeoutMs: 30_000, message: 'did not answer GET /api/v1/namespaces/ml/configmaps/a' },
    { name: 'a server that does not answer', respond: () => undefined, requestTimeoutMs: 300, message: 'did not answer GET' },
    { name: 'a connection cut in the middle', requestTimeoutMs: 30_000, respond: (_: unknown, response: { writeHead: (code: number) => { write: (text: string) => void }; destroy: () => void }) => { response.writeHead(200).write('{'); setImmediate(() => { response.destroy(); }); }, message: 'broke off' },
  ])('$name is an ApiError with code 0', async ({ respond, message, requestTimeoutMs }) => {
    const running = await serve(respond ?? (() => undefined), { requestTimeoutMs });
    if (respond === undefined) await running[Symbol.asyncDispose]();
    const error = await failure(client.get(ref));
    expect(error).toMatchObject({ code: 0 });
    expect(error.message).toContain(message);
  });

  it('limits the time of the whole answer, not only of its beginning', async () => {
    await serve((_, response) => { response.writeHead(200).write('{'); }, { requestTimeoutMs: 2_000 });
    expect(await failure(client.get(ref))).toMatchObject({ code: 0, reason: 'BrokenOff' });
  });
});

describe('watch', () => {
  const stop = (): AbortController => new AbortController();

  async function collect(signal: AbortSignal, onEvent: () => void = () => undefined): Promise<{ events: WatchEvent<unknown>[]; error?: unknown }> {
    const events: WatchEvent<unknown>[] = [];
    try {
      for await (const event of client.watch(CONFIGMAP, { resourceVersion: '5', timeoutSeconds: 300, signal })) {
        events.push(event);
        onEvent();
      }
      return { events };
    } catch (error) {
      return { events, error };
    }
  }

  it('asks for bookmarks from the given version, and yields lines however they are cut', async () => {
    const { received } = await serve((_, response) => {
      response.writeHead(200).write('{"type":"ADDED","object":{"a":"\u00e9"}}\n{"type":"BOOK');
      setImmediate(() => response.end('MARK","object":{}}\n'));
    });
    expect((await collect(stop().signal)).events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(received[0]?.query).toEqual({ watch: 'true', allowWatchBookmarks: 'true', resourceVersion: '5', timeoutSeconds: '300' });
  });

  const failing: readonly { name: string; respond: Respond; expected: object }[] = [
    { name: 'an ERROR event', respond: (_, response) => response.end(`{"type":"ERROR","object":${JSON.stringify(status(410, 'Expired', 'too old'))}}\n`), expected: { code: 410, reason: 'Expired' } },
    { name: 'a refusal', respond: (_, response) => { sendJson(response, 403, status(403, 'Forbidden', 'no')); }, expected: { code: 403 } },
    { name: 'a cut connection', respond: (_, response) => { response.writeHead(200).flushHeaders(); setImmediate(() => response.destroy()); }, expected: { code: 0 } },
  ];
  it.each(failing)('$name throws an ApiError', async ({ respond, expected }) => {
    await serve(respond);
    expect((await collect(stop().signal)).error).toMatchObject(expected);
  });

  it('ends without an error when aborted', async () => {
    const controller = stop();
    await serve((_, response) => { response.writeHead(200).write('{"type":"ADDED","object":{}}\n'); });
    const collected = collect(controller.signal, () => { controller.abort(); });
    expect(await collected).toEqual({ events: [expect.objectContaining({ type: 'ADDED' })] });
  });
});
