import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { context, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from './log.ts';
import { startTracing } from './otlp.ts';
import { traceFields, withSpan } from './trace.ts';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}
interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number; readonly message?: string };
}
/** OTLP's JSON encoding, as far as it is looked at here. */
interface ExportRequest {
  readonly resourceSpans: readonly { readonly resource: { readonly attributes: readonly Attribute[] }; readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[];
}

/** An OTLP receiver: what a collector's HTTP port understands. */
async function startCollector(code = 200) {
  const requests: { readonly path: string; readonly headers: Record<string, unknown>; readonly body: ExportRequest }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => { text += chunk.toString(); });
    request.on('end', () => {
      requests.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) as ExportRequest });
      response.writeHead(code, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => { server.closeAllConnections(); await new Promise((resolve) => server.close(resolve)); };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, [Symbol.asyncDispose]: close };
}

const output = new PassThrough();
const options = { serviceName: 'stun-operator', instanceId: 'pod-1', ratio: 1, log: createLogger('warn', output) };
const texts = (attributes: readonly Attribute[]) => Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
const attributesOf = (attributes: Record<string, string>) => expect.objectContaining(attributes) as unknown;

afterEach(() => {
  trace.disable();
  context.disable();
  vi.unstubAllEnvs();
});

describe('startTracing', () => {
  it('sends spans with their parents, attributes and errors, and the resource and headers of the environment', async () => {
    await using collector = await startCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=ml');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=test');
    const stop = startTracing(options);
    const broken = () => Promise.reject(new Error('no quota'));
    await expect(withSpan('reconcile', { controller: 'prunejob' }, () => withSpan('act', { action: 'CreateJob a' }, broken))).rejects.toThrow('no quota');
    await stop();

    const [request] = collector.requests;
    expect(request).toMatchObject({ path: '/v1/traces', headers: { 'content-type': 'application/json', 'x-tenant': 'ml' } });
    const [sent] = request!.body.resourceSpans;
    expect(texts(sent!.resource.attributes)).toEqual(attributesOf({ 'service.name': 'stun-operator', 'service.instance.id': 'pod-1', 'deployment.environment.name': 'test' }));
    const [act, reconcile] = sent!.scopeSpans.flatMap(({ spans }) => spans);
    expect([act!.name, reconcile!.name]).toEqual(['act', 'reconcile']);
    expect(act).toMatchObject({ traceId: reconcile!.traceId, parentSpanId: reconcile!.spanId, status: { code: 2, message: 'no quota' } });
    expect(texts(act!.attributes)).toEqual({ action: 'CreateJob a' });
    expect(reconcile!.parentSpanId).toBeUndefined();
  });

  it('sends nothing of what is not sampled', async () => {
    await using collector = await startCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    const stop = startTracing({ ...options, ratio: 0 });
    await withSpan('reconcile', {}, () => Promise.resolve());
    await stop();
    expect(collector.requests).toEqual([]);
  });

  it('says in the log that a collector refuses, and fails nobody', async () => {
    await using collector = await startCollector(400);
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.url);
    const stop = startTracing(options);
    await expect(withSpan('reconcile', {}, () => Promise.resolve('done'))).resolves.toBe('done');
    await stop();
    expect(String(output.read())).toMatch(/"level":"warn","message":"Tracing: the last spans could not be sent.*Bad Request/);
  });
});

describe('without a provider', () => {
  it('runs what it is given, and log lines bear no trace', async () => {
    expect(await withSpan('reconcile', {}, (span) => Promise.resolve(traceFields(span)))).toEqual({});
    await expect(withSpan('reconcile', {}, () => { throw new Error('at once'); })).rejects.toThrow('at once');
  });
});
