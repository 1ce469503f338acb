/**
 * The operator's own HTTP server: is it alive, is it ready, and its metrics.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Registry } from 'prom-client';

/** Sentences that say what is wrong; none: all is well. */
export type Check = () => readonly string[];

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly registry: Registry;
  /** Fails where only a restart helps. A blocked event loop fails it by not answering. */
  readonly live: Check;
  readonly ready: Check;
}

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { host, port } = options;
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    respond(path, options, response).catch(() => { response.destroy(); });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => { reject(new Error(`The operator cannot listen on ${host}:${port} (${error.message}); set METRICS_PORT to a free port.`)); });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function respond(path: string, { registry, live, ready }: HttpOptions, response: ServerResponse): Promise<void> {
  if (path === '/metrics') {
    response.writeHead(200, { 'content-type': registry.contentType });
    await pipeline(Readable.from(texts(registry), { highWaterMark: 1 }), response);
  } else if (path === '/healthz') report(response, live());
  else if (path === '/readyz') report(response, ready());
  else response.writeHead(404).end('Try /healthz, /readyz or /metrics.\n');
}

/** One metric after the other: with thousands of objects all of them together are many megabytes, every half minute. */
async function* texts(registry: Registry): AsyncGenerator<string> {
  for (const { name } of registry.getMetricsAsArray()) yield `${await registry.getSingleMetricAsString(name)}\n\n`;
}

function report(response: ServerResponse, problems: readonly string[]): void {
  response.writeHead(problems.length === 0 ? 200 : 503, { 'content-type': 'text/plain' }).end(problems.length === 0 ? 'ok\n' : `${problems.join('\n')}\n`);
}
