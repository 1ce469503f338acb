/**
 * A real etcd and kube-apiserver on loopback, for tests of what the API server itself decides: schema, defaults, CEL.
 * No controller and no node runs behind it. Binaries come from the same cache as the local cluster's.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const binaries = join(homedir(), '.cache/stun-operator/bin');
const readyWithinMs = 90_000;
const stopWithinMs = 15_000;
const pollMs = 100;

export interface Answer {
  readonly code: number;
  readonly body: unknown;
}

export interface ApiServer {
  readonly url: string;
  readonly kubeconfig: string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  kubectl(...args: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

interface Place {
  readonly folder: string;
  readonly port: number;
  readonly token: string;
}

interface Daemon {
  readonly name: string;
  readonly log: string;
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
}

export async function startApiServer(): Promise<ApiServer> {
  const folder = await mkdtemp(join(tmpdir(), 'stun-apiserver-'));
  const [clientPort, peerPort, port] = await freePorts(3);
  const place: Place = { folder, port: port ?? 0, token: randomBytes(16).toString('hex') };
  await writeCredentials(place);
  const daemons = [
    await start(place, 'etcd', etcdFlags(folder, clientPort ?? 0, peerPort ?? 0)),
    await start(place, 'kube-apiserver', apiserverFlags(place, clientPort ?? 0)),
  ];
  try {
    const ca = await untilReady(place, daemons);
    return await connect(place, daemons, ca);
  } catch (error) {
    await stopAll(place, daemons);
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

async function writeCredentials({ folder, token }: Place): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(join(folder, 'sa.pem'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
}

/** Ports are held together before any is released, so that two are never the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => { resolve(server); });
  });
}

async function start({ folder }: Place, name: string, flags: readonly string[]): Promise<Daemon> {
  const log = join(folder, `${name}.log`);
  const file = await open(log, 'w');
  const process = spawn(join(binaries, name), flags, { stdio: ['ignore', file.fd, file.fd] });
  const exited = new Promise<void>((done) => {
    process.once('exit', () => { done(); });
    process.once('error', () => { done(); });
  });
  await file.close();
  return { name, log, process, exited };
}

/** The serving certificate is made by the API server itself; until its file is there, nobody listens either. */
async function untilReady(place: Place, daemons: readonly Daemon[]): Promise<string> {
  const deadline = Date.now() + readyWithinMs;
  for (;;) {
    const dead = daemons.find(({ process }) => process.pid === undefined || process.exitCode !== null || process.signalCode !== null);
    if (dead !== undefined || Date.now() > deadline) throw new Error(await whyNotReady(dead, daemons));
    const ca = await readFile(join(place.folder, 'certs/apiserver.crt'), 'utf8').catch(() => undefined);
    if (ca !== undefined && (await isReady(place, ca))) return ca;
    await delay(pollMs);
  }
}

async function whyNotReady(dead: Daemon | undefined, daemons: readonly Daemon[]): Promise<string> {
  if (dead?.process.pid === undefined && dead !== undefined) return `${binaries}/${dead.name} cannot be started; build it with: make cluster-tools`;
  const daemon = dead ?? daemons[daemons.length - 1];
  const log = daemon === undefined ? '' : await readFile(daemon.log, 'utf8');
  return `${daemon?.name ?? 'the API server'} ${dead === undefined ? `is not ready after ${readyWithinMs / 1000} s` : 'ended'}: ${log.slice(-2000)}`;
}

async function isReady(place: Place, ca: string): Promise<boolean> {
  const agent = new Agent({ ca, keepAlive: false });
  return (await send(place, agent, { method: 'GET', path: '/readyz' }).catch(() => undefined))?.code === 200;
}

async function connect(place: Place, daemons: readonly Daemon[], ca: string): Promise<ApiServer> {
  const agent = new Agent({ ca, keepAlive: true });
  const url = `https://127.0.0.1:${place.port}`;
  const kubeconfig = join(place.folder, 'kubeconfig');
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(place, url, ca)), { mode: 0o600 });
  return {
    url,
    kubeconfig,
    call: (method, path, body) => send(place, agent, { method, path, body }),
    kubectl: async (...args) => (await promisify(execFile)(join(binaries, 'kubectl'), ['--kubeconfig', kubeconfig, ...args])).stdout,
    stop: async () => {
      agent.destroy();
      await stopAll(place, daemons);
    },
  };
}

function kubeconfigOf({ token }: Place, server: string, ca: string): unknown {
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

function send({ port, token }: Place, agent: Agent, { method, path, body }: Call): Promise<Answer> {
  const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
    const sent = request({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
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

async function stopAll({ folder }: Place, daemons: readonly Daemon[]): Promise<void> {
  for (const { process, exited } of daemons.toReversed()) {
    process.kill('SIGTERM');
    const killer = setTimeout(() => process.kill('SIGKILL'), stopWithinMs);
    await exited;
    clearTimeout(killer);
  }
  await rm(folder, { recursive: true, force: true });
}
