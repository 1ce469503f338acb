import { Counter, Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { serveHttp, type HttpServer } from './http.ts';

let server: HttpServer;
const problems = { live: [] as string[], ready: [] as string[] };

async function start(port = 0): Promise<HttpServer> {
  const registry = new Registry();
  new Counter({ name: 'things_total', help: 'Things', registers: [registry] }).inc();
  return serveHttp({ host: '127.0.0.1', port, registry, live: () => problems.live, ready: () => problems.ready });
}

async function get(path: string): Promise<{ code: number; text: string; type: string | null }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { code: response.status, text: await response.text(), type: response.headers.get('content-type') };
}

afterEach(() => server.close());

describe('serveHttp', () => {
  it.each([
    { path: '/healthz', live: [], ready: ['not yet'], code: 200, text: 'ok\n' },
    { path: '/healthz', live: ['stuck'], ready: [], code: 503, text: 'stuck\n' },
    { path: '/readyz', live: [], ready: [], code: 200, text: 'ok\n' },
    { path: '/readyz?verbose', live: [], ready: ['a', 'b'], code: 503, text: 'a\nb\n' },
    { path: '/', live: [], ready: [], code: 404, text: 'Try /healthz, /readyz or /metrics.\n' },
  ])('answers $path with $code', async ({ path, live, ready, code, text }) => {
    Object.assign(problems, { live, ready });
    server = await start();
    expect(await get(path)).toMatchObject({ code, text });
  });

  it('serves the metrics in the text format', async () => {
    server = await start();
    const { text, type } = await get('/metrics');
    expect(text).toContain('things_total 1');
    expect(type).toContain('text/plain; version=0.0.4');
  });

  it('says which setting to change when the port is taken', async () => {
    server = await start();
    await expect(start(server.port)).rejects.toThrow('set METRICS_PORT to a free port');
  });
});
