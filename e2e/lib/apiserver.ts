/**
 * A real etcd and kube-apiserver on loopback, for tests of what the API server itself decides: schema, defaults, CEL.
 * No controller and no node runs behind it. Binaries come from the same cache as the local cluster's.
 */
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { binaries } from '../../scripts/tools.ts';
import { freePorts, hasEnded, lastWords, startDaemon, stopAll, type Daemon } from './daemon.ts';

const readyWithinMs = 90_000;
const pollMs = 100;

export interface Answer {
  readonly code: number;
  readonly body: unknown;
}

export interface ApiServerOptions {
  readonly flags?: readonly string[];
  /** Beside admin, each with all rights and a name of its own in the audit log. */
  readonly users?: readonly string[];
}

export interface ApiServer {
  readonly url: string;
  /** Holds everything of this server, and goes with it. */
  readonly folder: string;
  readonly kubeconfig: string;
  kubeconfigOf(user: string): string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  kubectl(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly token: string;
  readonly users: readonly string[];
}

export async function startApiServer({ flags = [], users = [] }: ApiServerOptions = {}): Promise<ApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'stun-apiserver-'));
  const [clientPort, peerPort, port] = await freePorts(3);
  const place: Place = { folder, port: port ?? 0, token: randomBytes(16).toString('hex'), users };
  await writeCredentials(place);
  const daemons = [
    await startDaemon(folder, 'etcd', etcdFlags(folder, clientPort ?? 0, peerPort ?? 0)),
    await startDaemon(folder, 'kube-apiserver', [...apiserverFlags(place, clientPort ?? 0), ...flags]),
  ];
  try {
    const ca = await untilReady(place, daemons);
    return await connect(place, daemons, ca);
  } catch (error) {
    await clearAway(place, daemons);
    throw error;
  }
}

function etcdFlags(folder: string, clientPort: number, peerPort: number): string[] {
  const client = `http://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    `--data-dir=${folder}/etcd`, '--name=default', '--unsafe-no-fsync',
    `--listen-client-urls=${client}`, `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=default=${peer}`,
  ];
}

function apiserverFlags({ folder, port }: Place, etcdPort: number): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`, '--bind-address=127.0.0.1', `--secure-port=${port}`, `--cert-dir=${folder}/certs`,
    `--token-auth-file=${folder}/tokens.csv`, '--authorization-mode=RBAC', '--service-cluster-ip-range=10.97.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc', `--service-account-key-file=${folder}/sa.pem`,
    `--service-account-signing-key-file=${folder}/sa.pem`, '--disable-admission-plugins=ServiceAccount', '--endpoint-reconciler-type=none',
  ];
}

async function writeCredentials(place: Place): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(join(place.folder, 'sa.pem'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  const tokens = ['admin', ...place.users].map((user) => `${tokenOf(place, user)},${user},${user},system:masters\n`);
  await writeFile(join(place.folder, 'tokens.csv'), tokens.join(''), { mode: 0o600 });
}

function tokenOf({ token }: Place, user: string): string {
  return `${user}-${token}`;
}

/** The serving certificate is made by the API server itself; until its file is there, nobody listens either. */
async function untilReady(place: Place, daemons: readonly Daemon[]): Promise<string> {
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    const ca = await readFile(join(place.folder, 'certs/apiserver.crt'), 'utf8').catch(() => undefined);
    if (ca !== undefined && (await isReady(place, ca))) return ca;
    const suspect = daemons.find(hasEnded) ?? (Date.now() > deadline ? daemons.at(-1) : undefined);
    if (suspect !== undefined) throw new Error(await lastWords(suspect));
    await delay(pollMs);
  }
}

async function isReady(place: Place, ca: string): Promise<boolean> {
  const agent = new Agent({ ca, keepAlive: false });
  return (await send(place, agent, { method: 'GET', path: '/readyz' }).catch(() => undefined))?.code === 200;
}

async function connect(place: Place, daemons: readonly Daemon[], ca: string): Promise<ApiServer> {
  const agent = new Agent({ ca, keepAlive: true });
  const url = `https://127.0.0.1:${place.port}`;
  const fileOf = (user: string) => join(place.folder, `${user}.kubeconfig`);
  for (const user of ['admin', ...place.users]) {
    await writeFile(fileOf(user), JSON.stringify(kubeconfigOf(tokenOf(place, user), url, ca)), { mode: 0o600 });
  }
  const kubeconfig = fileOf('admin');
  return {
    url,
    folder: place.folder,
    kubeconfig,
    kubeconfigOf: fileOf,
    call: (method, path, body) => send(place, agent, { method, path, body }),
    kubectl: async (...args) => (await promisify(execFile)(join(binaries, 'kubectl'), ['--kubeconfig', kubeconfig, ...args])).stdout,
    stop: async () => {
      agent.destroy();
      await clearAway(place, daemons);
    },
  };
}

function kubeconfigOf(token: string, server: string, ca: string): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  };
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

function send(place: Place, agent: Agent, { method, path, body }: Call): Promise<Answer> {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${tokenOf(place, 'admin')}`, 'content-type': contentType };
    const sent = request({ host: '127.0.0.1', port: place.port, method, path, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => { text += chunk; });
      response.on('end', () => { resolve({ code: response.statusCode ?? 0, body: parse(response.headers['content-type'], text) }); });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A path that nobody serves is answered in plain text. */
function parse(contentType: string | undefined, text: string): unknown {
  return contentType?.startsWith('application/json') === true ? JSON.parse(text) : text;
}

async function clearAway({ folder }: Place, daemons: readonly Daemon[]): Promise<void> {
  await stopAll(daemons);
  await rm(folder, { recursive: true, force: true });
}
