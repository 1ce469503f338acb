/**
 * One fresh Kubernetes for one measurement: real etcd, kube-apiserver, kube-controller-manager and kube-scheduler, and kwok in the nodes' place.
 *
 * Fresh, because what an earlier measurement left in etcd and in the servers' caches would slow the next one down.
 */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startApiServer, type ApiServer } from '../lib/apiserver.ts';
import { freePorts, hasEnded, lastWords, startDaemon, stopAll, type Daemon } from '../lib/daemon.ts';
import { waitFor } from '../lib/wait.ts';
import { parseAudit, type AuditEvent } from './audit.ts';

export const namespace = 'default';
const nodes = 10;
/** The client's own throttling is lifted as in large clusters: with the defaults, 20 requests a second, it would be all that is measured. */
const unthrottled = ['--kube-api-qps=1000', '--kube-api-burst=1000'];

export interface ControlPlane {
  readonly server: ApiServer;
  /** With a user of its own, by which the audit log knows the contender. */
  readonly contenderKubeconfig: string;
  apply(...files: readonly string[]): Promise<void>;
  auditSize(): Promise<number>;
  /** What the contender has asked since the log had that size. */
  auditSince(size: number): Promise<AuditEvent[]>;
  stop(): Promise<void>;
}

export const configFile = (name: string): string => fileURLToPath(new URL(`config/${name}`, import.meta.url));

export async function startControlPlane(): Promise<ControlPlane> {
  const auditLog = join(await mkdtemp(join(tmpdir(), 'stun-audit-')), 'audit.log');
  // Nobody connects to it, but the server insists on an address that is not loopback, and the namespace has no other.
  const flags = ['--advertise-address=192.0.2.1', `--audit-policy-file=${configFile('audit-policy.yaml')}`, `--audit-log-path=${auditLog}`, '--audit-log-maxsize=2000'];
  const server = await startApiServer({ flags, users: ['contender', 'kube-controller-manager', 'kube-scheduler', 'kwok'] });
  const daemons: Daemon[] = [];
  const stop = async () => {
    await stopAll(daemons);
    await server.stop();
    await rm(dirname(auditLog), { recursive: true, force: true });
  };
  try {
    daemons.push(...(await startControllers(server)));
    await untilNodesAreReady(server, daemons);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    server,
    contenderKubeconfig: server.kubeconfigOf('contender'),
    apply: async (...files) => { await server.kubectl('apply', '--server-side', ...files.flatMap((file) => ['-f', file])); },
    auditSize: async () => (await stat(auditLog)).size,
    auditSince: async (size) => parseAudit((await readFile(auditLog)).subarray(size).toString()),
    stop,
  };
}

async function startControllers(server: ApiServer): Promise<Daemon[]> {
  const { folder } = server;
  const [managerPort, schedulerPort, kwokPort] = await freePorts(3);
  const common = (name: string, port?: number) => [
    `--kubeconfig=${server.kubeconfigOf(name)}`, '--bind-address=127.0.0.1', `--secure-port=${port ?? 0}`, '--leader-elect=false', ...unthrottled,
  ];
  const manager = [...common('kube-controller-manager', managerPort), `--service-account-private-key-file=${folder}/sa.pem`, `--root-ca-file=${folder}/certs/apiserver.crt`];
  return [
    await startDaemon(folder, 'kube-controller-manager', manager),
    await startDaemon(folder, 'kube-scheduler', common('kube-scheduler', schedulerPort)),
    await startDaemon(folder, 'kwok', [`--kubeconfig=${server.kubeconfigOf('kwok')}`, `--config=${configFile('kwok.yaml')}`, `--server-address=127.0.0.1:${kwokPort ?? 0}`]),
  ];
}

async function untilNodesAreReady(server: ApiServer, daemons: readonly Daemon[]): Promise<void> {
  for (let index = 0; index < nodes; index += 1) await server.call('POST', '/api/v1/nodes', node(index));
  await waitFor('the nodes and the default ServiceAccount', 60, async () => {
    const ended = daemons.find(hasEnded);
    if (ended !== undefined) throw new Error(await lastWords(ended));
    const { items } = (await server.call('GET', '/api/v1/nodes')).body as { items: readonly Node[] };
    const account = await server.call('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`);
    return account.code === 200 && items.filter(isUsable).length === nodes;
  });
}

interface Node {
  readonly spec?: { readonly taints?: readonly unknown[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function isUsable({ spec, status }: Node): boolean {
  return spec?.taints === undefined && status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
}

/** Room for every pod of a measurement at once: waiting for a GPU is not what is measured. */
function node(index: number): object {
  const room = { cpu: '10000', memory: '100Ti', pods: '10000', 'nvidia.com/gpu': '10000' };
  const metadata = { name: `node-${index}`, labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'kubernetes.io/hostname': `node-${index}` } };
  return { apiVersion: 'v1', kind: 'Node', metadata, status: { capacity: room, allocatable: room } };
}
