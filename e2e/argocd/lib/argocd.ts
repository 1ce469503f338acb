/** A real Argo CD: each of its parts is a process in the cluster's network, as the control plane itself is, and ends with the tests. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { binaries } from '../../../scripts/tools.ts';
import { freePorts, hasEnded, lastWords, startProgram, stopAll, type Daemon } from '../../lib/daemon.ts';
import { patience } from '../../lib/patience.ts';
import { waitFor } from '../../lib/wait.ts';

/** What `e2e/argocd/tools/build` made. */
const tools = join(dirname(binaries), 'argocd');
export const argocdModule = join(tools, 'module');
export const argocdNamespace = 'argocd';

/** One program, which is the part that this variable names. */
const program = join(tools, 'bin/argocd');
/** Two Argo CDs would fight: this one ends with the tests, even if they are killed. */
const mortal = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;
const nameVariable = 'ARGOCD_BINARY_NAME';

/** Each by its address. */
interface Addresses {
  readonly redis: string;
  readonly repositories: string;
  readonly repositoriesHealth: string;
  readonly server: string;
  readonly serverMetrics: string;
  readonly controllerHealth: string;
}

type PartName = 'argocd-server' | 'argocd-repo-server' | 'argocd-application-controller';

interface Part {
  readonly name: PartName;
  readonly flags: readonly string[];
  /** Where it says that it is well. */
  readonly health: string;
}

export class ArgoCD implements AsyncDisposable {
  readonly #folder: string;
  readonly #server: string;
  readonly #daemons: Daemon[] = [];

  private constructor(folder: string, server: string) {
    this.#folder = folder;
    this.#server = server;
  }

  /** Its configuration lies in the cluster already. */
  static async start(): Promise<ArgoCD> {
    const addresses = await freeAddresses();
    const argocd = new ArgoCD(await mkdtemp(join(tmpdir(), 'argocd-')), addresses.server);
    try {
      await argocd.#startCache(addresses.redis);
      for (const part of partsAt(addresses)) await argocd.#startPart(part);
    } catch (error) {
      await argocd[Symbol.asyncDispose]();
      throw error;
    }
    return argocd;
  }

  /** Runs an action on a PruneJob as a user does, whom this API server lets in without a password. */
  async act(action: string, pruneJob: string): Promise<void> {
    const args = ['app', 'actions', 'run', 'prunejobs', action, '--kind', 'PruneJob', '--resource-name', pruneJob, '--server', this.#server, '--plaintext'];
    await promisify(execFile)(program, args, { env: { ...process.env, ...this.#environment, [nameVariable]: 'argocd' } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopAll(this.#daemons);
    await rm(this.#folder, { recursive: true });
  }

  /** FAKE_IN_CLUSTER: https://kubernetes.default.svc means the cluster of KUBECONFIG. */
  get #environment(): Record<string, string> {
    const [HOME, TMPDIR] = [this.#folder, join(this.#folder, 'tmp')];
    return { ARGOCD_FAKE_IN_CLUSTER: 'true', ARGOCD_GPG_ENABLED: 'false', ARGOCD_ASK_PASS_SOCK: join(HOME, 'ask-pass.sock'), HOME, TMPDIR };
  }

  async #startCache(address: string): Promise<void> {
    this.#daemons.push(await startProgram(this.#folder, 'miniredis', { command: [...mortal, join(tools, 'bin/miniredis'), address] }));
  }

  async #startPart({ name, flags, health }: Part): Promise<void> {
    const env = this.#environment;
    await mkdir(env.TMPDIR ?? '', { recursive: true });
    const daemon = await startProgram(this.#folder, name, { command: [...mortal, program, ...flags], env: { ...env, [nameVariable]: name } });
    this.#daemons.push(daemon);
    await waitFor(`${name} to answer`, patience, async () => {
      if (hasEnded(daemon)) throw new Error(await lastWords(daemon));
      return fetch(`http://${health}/healthz`).then(({ ok }) => ok, () => false);
    });
  }
}

async function freeAddresses(): Promise<Addresses> {
  const ports = await freePorts(6);
  const [redis = '', repositories = '', repositoriesHealth = '', server = '', serverMetrics = '', controllerHealth = ''] = ports.map((port) => `127.0.0.1:${port}`);
  return { redis, repositories, repositoriesHealth, server, serverMetrics, controllerHealth };
}

/** In this order: the API server makes the key and the project without which the controller ends. */
function partsAt(at: Addresses): readonly Part[] {
  const cache = ['--redis', at.redis];
  const client = [...cache, '--namespace', argocdNamespace, '--repo-server', at.repositories, '--repo-server-plaintext'];
  return [
    { name: 'argocd-server', health: at.server, flags: [...client, ...listen('', at.server), ...listen('metrics-', at.serverMetrics), '--insecure', '--disable-auth'] },
    { name: 'argocd-repo-server', health: at.repositoriesHealth, flags: [...cache, ...listen('', at.repositories), ...listen('metrics-', at.repositoriesHealth), '--disable-tls'] },
    { name: 'argocd-application-controller', health: at.controllerHealth, flags: [...client, '--metrics-port', portOf(at.controllerHealth)] },
  ];
}

function listen(which: '' | 'metrics-', address: string): string[] {
  return [`--${which}address`, '127.0.0.1', `--${which}port`, portOf(address)];
}

function portOf(address: string): string {
  return address.split(':')[1] ?? '';
}
