/** The operator: as the chart runs it, in one pod or in two, or as a process of its own where a test needs it elsewhere. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';

import { OperatorProcess } from '../../src/shell/testing/operator-process.ts';
import { get, kubectl, list, type Resource } from './kubectl.ts';
import { waitFor } from './wait.ts';
import { killContainer, onlyContainer, type Pod } from './containers.ts';
import { patience } from './patience.ts';

export const operatorNamespace = 'stun-operator';
const name = 'stun-operator';
const configuration = `${name}-config`;
const selector = 'app.kubernetes.io/name=stun-operator';

type Lease = Resource<{ readonly holderIdentity?: string }>;

/** Pods without a past: the kubelet makes a container that ended before wait for its next start. */
export async function freshOperator(replicas: number): Promise<void> {
  const pods = await list<Pod>('pods', operatorNamespace, selector);
  const worn = pods.filter((pod) => onlyContainer(pod)?.restartCount !== 0).map((pod) => pod.metadata.name);
  await scaleOperator(replicas);
  if (worn.length > 0) await kubectl(['delete', 'pods', '-n', operatorNamespace, '--ignore-not-found', ...worn]);
  await kubectl(['rollout', 'status', `deployment/${name}`, '-n', operatorNamespace, '--timeout=120s']);
  if (replicas > 0) await leader();
}

export async function scaleOperator(replicas: number): Promise<void> {
  await kubectl(['scale', `deployment/${name}`, '-n', operatorNamespace, `--replicas=${replicas}`]);
  await waitFor(`${replicas} pods of the operator`, patience, async () => (await list('pods', operatorNamespace, selector)).length === replicas);
}

/** The pod that holds the lease, if it lives: a dead one holds it for a while, too. */
export async function leader(): Promise<Pod> {
  return waitFor('a pod of the operator to lead', patience, async () => {
    const holder = await leaseHolder();
    const pods = await list<Pod>('pods', operatorNamespace, selector);
    return pods.find((pod) => holder.startsWith(`${pod.metadata.name}_`) && onlyContainer(pod)?.state.running !== undefined);
  });
}

export async function leaseHolder(): Promise<string> {
  return (await get<Lease>('lease', name, operatorNamespace))?.spec.holderIdentity ?? '';
}

/** Renewed never again, so that it is free once its time is over. */
export async function stealLease(thief: string): Promise<void> {
  const renewTime = new Date().toISOString().replace('Z', '000Z');
  await kubectl(['patch', 'lease', name, '-n', operatorNamespace, '--type=merge', '-p', JSON.stringify({ spec: { holderIdentity: thief, renewTime } })]);
}

/** Gives what its container ended with. */
export async function untilRestarted({ metadata }: Pod): Promise<number | undefined> {
  return waitFor(`the operator's pod ${metadata.name} to restart`, patience, async () => {
    const pod = await get<Pod>('pod', metadata.name, operatorNamespace);
    return pod === undefined ? undefined : onlyContainer(pod)?.lastState.terminated?.exitCode;
  });
}

export async function killLeader(): Promise<void> {
  const pod = await leader();
  await killContainer(pod);
  await untilRestarted(pod);
}

/** Killed -9, and its pod taken away: one that restarted would wait, each time longer, for its next start. */
export async function replaceLeader(): Promise<void> {
  const pod = await leader();
  await killContainer(pod);
  await kubectl(['delete', 'pod', pod.metadata.name, '-n', operatorNamespace, '--grace-period=0', '--force', '--ignore-not-found']);
}

interface Kubeconfig {
  readonly clusters: { readonly name: string; readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } }[];
  readonly contexts: { readonly context: { readonly user: string } }[];
}

/** The operator as a process outside any pod, with the configuration and the rights of the installed one; one life at a time. */
export class OutsidePod implements AsyncDisposable {
  readonly #folder: string;
  #life: OperatorProcess | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** `server`: a proxy without TLS by which it reaches the API server, if not directly. */
  static async prepare(server?: string): Promise<OutsidePod> {
    const folder = await mkdtemp(join(tmpdir(), 'stun-operator-'));
    const installed = await get<Resource & { readonly data: Record<string, string> }>('configmap', configuration, operatorNamespace);
    const text = installed?.data['config.yaml'];
    if (text === undefined) throw new Error(`There is no config.yaml in ConfigMap ${operatorNamespace}/${configuration}; install the operator: make install`);
    await writeFile(join(folder, 'config.yaml'), text);
    await writeFile(join(folder, 'kubeconfig'), JSON.stringify(await leastPrivilege(server)), { mode: 0o600 });
    return new OutsidePod(folder);
  }

  async start(...flags: readonly string[]): Promise<void> {
    this.#life = await OperatorProcess.start(join(this.#folder, 'kubeconfig'), ['--config', join(this.#folder, 'config.yaml'), ...flags]);
  }

  async kill(): Promise<void> {
    await this.#life?.kill();
    this.#life = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#life?.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Where the API server answers, and what its certificate is checked against. */
export async function apiServer(): Promise<{ readonly server: URL; readonly ca: string }> {
  const [entry] = (await administrator()).clusters;
  return { server: new URL(entry?.cluster.server ?? ''), ca: Buffer.from(entry?.cluster['certificate-authority-data'] ?? '', 'base64').toString() };
}

async function administrator(): Promise<Kubeconfig> {
  return load(await readFile(process.env.KUBECONFIG ?? '', 'utf8')) as Kubeconfig;
}

async function leastPrivilege(server: string | undefined): Promise<object> {
  const admin = await administrator();
  const token = (await kubectl(['create', 'token', name, '-n', operatorNamespace, '--duration=1h'])).trim();
  // A kubeconfig may name a server without TLS only where it waives the check of the certificate, too.
  const proxied = admin.clusters.map((entry) => ({ ...entry, cluster: { server, 'insecure-skip-tls-verify': true } }));
  const clusters = server === undefined ? admin.clusters : proxied;
  return { ...admin, clusters, users: [{ name: admin.contexts[0]?.context.user, user: { token } }] };
}
