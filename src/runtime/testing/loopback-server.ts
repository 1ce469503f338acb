/**
 * An HTTP server on loopback that answers as a test tells it to, and remembers what it was asked: for what a real API server cannot be made to do on demand.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Respond = (received: Received, response: ServerResponse) => void;

export interface LoopbackServer extends AsyncDisposable {
  readonly received: readonly Received[];
  readonly url: string;
  readonly kubeConfig: KubeConfig;
}

export async function startLoopbackServer(respond: Respond): Promise<LoopbackServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void read(request).then((seen) => {
      received.push(seen);
      respond(seen, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { received, url, kubeConfig: kubeConfigFor(url), [Symbol.asyncDispose]: close };
}

/** client-node refuses plain http unless told not to verify TLS. */
export function kubeConfigFor(server: string, user: Readonly<Record<string, unknown>> = { token: 'secret' }): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'test', server, skipTLSVerify: true }],
    users: [{ name: 'test', ...user }],
    contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
    currentContext: 'test',
  });
  return kubeConfig;
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function read(request: IncomingMessage): Promise<Received> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://loopback');
  return { method: request.method ?? '', path: pathname, query: Object.fromEntries(searchParams), headers: request.headers, body };
}
