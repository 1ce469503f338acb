/**
 * An API server on a bad day: a proxy before the real one that resets connections before and after a request is carried out,
 * answers some requests with an error of its own, and cuts every watch after a while.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent, request as ask } from 'node:https';
import type { AddressInfo } from 'node:net';

import { draw } from './draw.ts';

/** Errored: answered by the proxy. Unasked: reset, never carried out. Unheard: carried out, and reset instead of answered. */
type Fault = 'errored' | 'unasked' | 'unheard' | 'cutWatch';

export interface FlakyProxyOptions {
  readonly server: URL;
  readonly ca: string;
  readonly seed: number;
}

const shares = [['errored', 0.05], ['unasked', 0.025], ['unheard', 0.025]] as const;
const codes = [429, 500, 503] as const;
const longestWatchMs = 10_000;

export class FlakyProxy implements AsyncDisposable {
  /** How often each one happened. */
  readonly faults: Record<Fault, number> = { errored: 0, unasked: 0, unheard: 0, cutWatch: 0 };
  readonly #options: FlakyProxyOptions;
  readonly #agent: Agent;
  readonly #proxy: Server;
  #drawn = 0;

  private constructor(options: FlakyProxyOptions) {
    this.#options = options;
    this.#agent = new Agent({ ca: options.ca, keepAlive: true });
    this.#proxy = createServer((request, response) => { this.#serve(request, response); });
  }

  static async start(options: FlakyProxyOptions): Promise<FlakyProxy> {
    const flaky = new FlakyProxy(options);
    await once(flaky.#proxy.listen(0, '127.0.0.1'), 'listening');
    return flaky;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#proxy.close();
    this.#proxy.closeAllConnections();
    await once(this.#proxy, 'close');
    this.#agent.destroy();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const fault = pick(this.#chance());
    if (fault !== undefined) this.faults[fault] += 1;
    if (fault === 'errored') answerError(response, codes[Math.floor(this.#chance() * codes.length)] ?? 500);
    else if (fault === 'unasked') request.socket.resetAndDestroy();
    else this.#forward(request, response, fault === 'unheard');
  }

  #forward(request: IncomingMessage, response: ServerResponse, unheard: boolean): void {
    const { server } = this.#options;
    const { method, url, socket } = request;
    const headers = { ...request.headers, host: server.host };
    const asked = ask({ hostname: server.hostname, port: server.port, path: url, method, headers, agent: this.#agent }, (answer) => {
      if (unheard) {
        socket.resetAndDestroy();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.once('error', () => socket.destroy()).pipe(response);
      if (url?.includes('watch=') === true) this.#cutLater(request, response);
    });
    asked.once('error', () => socket.destroy());
    response.once('close', () => asked.destroy());
    request.pipe(asked);
  }

  #cutLater({ socket }: IncomingMessage, response: ServerResponse): void {
    const timer = setTimeout(() => {
      this.faults.cutWatch += 1;
      socket.resetAndDestroy();
    }, this.#chance() * longestWatchMs);
    response.once('close', () => { clearTimeout(timer); });
  }

  #chance(): number {
    return draw(this.#options.seed, this.#drawn++);
  }
}

function pick(chance: number): Exclude<Fault, 'cutWatch'> | undefined {
  let bound = 0;
  return shares.find(([, share]) => chance < (bound += share))?.[0];
}

function answerError(response: ServerResponse, code: (typeof codes)[number]): void {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason: 'InternalError', message: 'The proxy of the test failed this request.' };
  response.writeHead(code, { 'content-type': 'application/json', ...(code === 429 ? { 'retry-after': '1' } : {}) });
  response.end(JSON.stringify(status));
}
