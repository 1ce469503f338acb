/**
 * Which cluster is meant, found as kubectl finds it: --kubeconfig, KUBECONFIG, ~/.kube/config, and inside a pod its own.
 *
 * client-node's loadFromDefault is not called: where it finds nothing it takes http://localhost:8080, and the sentence would be about a refused connection.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';

import { asError } from '../runtime/errors.ts';
import { Failed, type Terminal } from './command.ts';
import { near } from './near.ts';

const podToken = '/var/run/secrets/kubernetes.io/serviceaccount/token';

export interface Asked {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

export function loadKubeConfig({ kubeconfig, context }: Asked, env: Terminal['env']): KubeConfig {
  const loaded = load(filesOf(kubeconfig, env), kubeconfig);
  if (context !== undefined) choose(loaded, context);
  if (loaded.getCurrentCluster() === null) throw new Failed('The kubeconfig has no current context with a cluster. Write --context NAME, or run: kubectl config use-context NAME');
  refuseHttp(loaded);
  return loaded;
}

/** client-node refuses it as well, in words that nobody finds in a kubeconfig. */
function refuseHttp(config: KubeConfig): void {
  const { server, skipTLSVerify } = config.getCurrentCluster() ?? {};
  if (skipTLSVerify === true || server?.startsWith('http://') !== true) return;
  throw new Failed(`The kubeconfig reaches ${server} by plain HTTP, which hides no credentials. Write an https:// server; for a kubectl proxy on this machine: kubectl config set-cluster NAME --insecure-skip-tls-verify`);
}

function filesOf(kubeconfig: string | undefined, env: Terminal['env']): string[] {
  if (kubeconfig !== undefined) return [kubeconfig];
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  return listed.length > 0 ? listed : [join(env.HOME ?? homedir(), '.kube', 'config')];
}

function load(files: readonly string[], asked: string | undefined): KubeConfig {
  const [first, ...rest] = files.filter((file) => existsSync(file));
  if (first !== undefined) return merged(first, rest);
  const config = new KubeConfig();
  if (asked === undefined && existsSync(podToken)) {
    config.loadFromCluster();
    return config;
  }
  throw new Failed(`There is no kubeconfig at ${files.join(', ')}, so no cluster is known. Write --kubeconfig FILE, or set KUBECONFIG.`);
}

/** As with kubectl, the first file says which context is current. */
function merged(first: string, rest: readonly string[]): KubeConfig {
  const config = read(first);
  try {
    for (const file of rest) config.mergeConfig(read(file), true);
  } catch (error) {
    if (error instanceof Failed) throw error;
    throw new Failed(`The files of KUBECONFIG do not go together (${asError(error).message}). Rename it in one of them, or write --kubeconfig FILE.`);
  }
  return config;
}

function read(file: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new Failed(`The kubeconfig ${file} cannot be read (${asError(error).message}). Correct it, or write --kubeconfig FILE.`);
  }
  return config;
}

function choose(config: KubeConfig, context: string): void {
  const names = config.getContexts().map(({ name }) => name);
  if (!names.includes(context)) {
    const meant = near(context, names);
    const remedy = meant.length > 0 ? `Did you mean ${meant.join(', ')}?` : 'kubectl config get-contexts lists those that there are.';
    throw new Failed(`The kubeconfig has no context ${context}. ${remedy}`);
  }
  config.setCurrentContext(context);
}
