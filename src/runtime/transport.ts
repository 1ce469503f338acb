/**
 * HTTP to the API server: connections, TLS, credentials and timeouts, and nothing about Kubernetes objects.
 *
 * The credentials come from client-node's KubeConfig (in-cluster token with refresh, client certificates, exec plugins).
 * The connections are our own: the agent that KubeConfig makes keeps none alive, and its Watch hides errors.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { asError } from './errors.ts';

export interface TransportRequest {
  readonly method: string;
  /** Absolute path with query, below the server's own base path. */
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Until the answer begins; reading it is the caller's to limit. */
  readonly timeoutMs: number;
}

interface Access {
  readonly fingerprint: string;
  readonly agent: http.Agent;
  readonly headers: http.OutgoingHttpHeaders;
  readonly auth: string | undefined;
  readonly readAt: number;
}

/** Reading the credentials opens files; token files are re-read by KubeConfig once a minute, so this adds little to their age. */
const ACCESS_LIFE_MS = 5_000;
/** Below the API server's own limit for idle connections, so that we hardly ever write into one that it is closing. */
const IDLE_MS = 60_000;
const TCP_KEEPALIVE_MS = 30_000;

export class Transport {
  readonly #kubeConfig: KubeConfig;
  readonly #userAgent: string;
  readonly #server: URL;
  #access: Access | undefined;

  constructor(kubeConfig: KubeConfig, userAgent: string) {
    this.#kubeConfig = kubeConfig;
    this.#userAgent = userAgent;
    const server = kubeConfig.getCurrentCluster()?.server;
    if (server === undefined) throw new Error('The kubeconfig has no cluster in its current context; set current-context, or KUBECONFIG.');
    this.#server = new URL(server);
  }

  async send(request: TransportRequest): Promise<http.IncomingMessage> {
    const access = await this.#readAccess();
    const { method, body, contentType, signal } = request;
    const { hostname, port, pathname } = this.#server;
    const headers: http.OutgoingHttpHeaders = { ...access.headers, accept: 'application/json', 'user-agent': this.#userAgent };
    if (body !== undefined) Object.assign(headers, { 'content-type': contentType, 'content-length': Buffer.byteLength(body) });
    const options: https.RequestOptions = {
      method,
      // A URL writes an IPv6 host in brackets; a socket wants it without.
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      path: pathname.replace(/\/$/, '') + request.path,
      agent: access.agent,
      headers,
      ...(access.auth === undefined ? {} : { auth: access.auth }),
      ...(signal === undefined ? {} : { signal }),
    };
    return answer(this.#start(options), body, request.timeoutMs);
  }

  /** Closes idle connections; those in use end with their requests. */
  close(): void {
    this.#access?.agent.destroy();
  }

  #start(options: https.RequestOptions): http.ClientRequest {
    return this.#server.protocol === 'https:' ? https.request(options) : http.request(options);
  }

  async #readAccess(): Promise<Access> {
    const now = performance.now();
    if (this.#access !== undefined && now - this.#access.readAt < ACCESS_LIFE_MS) return this.#access;
    const options: https.RequestOptions = {};
    await this.#kubeConfig.applyToHTTPSOptions(options);
    const fingerprint = JSON.stringify([options.ca, options.cert, options.key].map(String));
    const agent = fingerprint === this.#access?.fingerprint ? this.#access.agent : this.#newAgent(options);
    const auth = typeof options.auth === 'string' ? options.auth : undefined;
    this.#access = { fingerprint, agent, headers: { ...(options.headers as http.OutgoingHttpHeaders | undefined) }, auth, readAt: now };
    return this.#access;
  }

  /** Only KubeConfig knows how to go through a proxy; everything else gets connections that are kept. */
  #newAgent(options: https.RequestOptions): http.Agent {
    if (this.#kubeConfig.getCurrentCluster()?.proxyUrl !== undefined && options.agent instanceof http.Agent) return options.agent;
    const kept = { keepAlive: true, keepAliveMsecs: TCP_KEEPALIVE_MS, timeout: IDLE_MS };
    if (this.#server.protocol === 'http:') return new http.Agent(kept);
    const { ca, cert, key, servername, rejectUnauthorized } = options;
    const given = Object.entries({ ca, cert, key, servername, rejectUnauthorized }).filter(([, value]) => value !== undefined);
    return new https.Agent({ ...kept, ...Object.fromEntries(given) });
  }
}

function answer(request: http.ClientRequest, body: string | undefined, timeoutMs: number): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    request.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(asError(error));
    });
    request.end(body);
  });
}
