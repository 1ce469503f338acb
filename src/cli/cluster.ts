/** One command's connection to the API server, and what it says when the server says no. */
import { fieldManager } from '../api/names.ts';
import { createClient, type KubeClient } from '../runtime/client.ts';
import { ApiError } from '../runtime/errors.ts';
import type { Terminal, FlagTable } from './command.ts';
import { objectName } from './flags.ts';
import { loadKubeConfig, type Asked } from './kubeconfig.ts';
import { explained } from './refusals.ts';

export const clusterFlags = {
  namespace: { type: 'string', short: 'n', value: 'NAMESPACE', text: "namespace of the PruneJob; the context's own where it is left out" },
  context: { type: 'string', value: 'NAME', text: 'context of the kubeconfig' },
  kubeconfig: { type: 'string', value: 'FILE', text: 'kubeconfig; KUBECONFIG or ~/.kube/config where it is left out', file: true },
} as const satisfies FlagTable;

export interface ClusterFlags extends Asked {
  readonly namespace?: string | undefined;
}

export interface Cluster {
  readonly client: KubeClient;
  readonly namespace: string;
  /** For sentences. */
  readonly server: string;
  readonly context: string;
  /** How the last request ended: an HTTP status, or `<error>` without an answer. */
  readonly lastAnswer: () => string;
}

/** What the API server refuses becomes a sentence with the remedy. */
export async function withCluster<T>(flags: ClusterFlags, terminal: Terminal, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = connect(flags, terminal);
  try {
    return await work(cluster);
  } catch (error) {
    throw error instanceof ApiError ? explained(error, { ...cluster, proxy: terminal.env.HTTPS_PROXY ?? terminal.env.https_proxy }) : error;
  } finally {
    cluster.client.close();
  }
}

function connect(flags: ClusterFlags, { env }: Terminal): Cluster {
  const kubeConfig = loadKubeConfig(flags, env);
  const context = kubeConfig.getCurrentContext();
  let last = '';
  return {
    client: createClient({ kubeConfig, fieldManager: `${fieldManager}-cli`, onRequest: (_method, code) => { last = code; } }),
    namespace: objectName('a namespace', flags.namespace) ?? kubeConfig.getContextObject(context)?.namespace ?? 'default',
    server: kubeConfig.getCurrentCluster()?.server ?? '',
    context,
    lastAnswer: () => last,
  };
}
