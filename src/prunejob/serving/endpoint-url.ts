/**
 * Where the pods behind a Kubernetes Service answer, as a URL for another pod of the cluster.
 *
 * By the address, which needs no DNS and assumes no cluster domain. A headless Service has none and forwards no port: its name leads to the
 * pods themselves, so the port is theirs.
 */
import type { KubeObject } from '../kube.ts';

export interface NetworkService extends KubeObject {
  readonly spec?: {
    readonly clusterIP?: string;
    readonly ports?: readonly { readonly port: number; readonly targetPort?: number | string }[];
  };
}

/** Undefined while the Service cannot be asked. The first port is the server's own. */
export function endpointUrl({ metadata: { name, namespace = '' }, spec }: NetworkService): string | undefined {
  const { clusterIP = '', ports: [first] = [] } = spec ?? {};
  if (clusterIP === '' || first === undefined) return undefined;
  if (clusterIP === 'None') return `http://${name}.${namespace}.svc:${typeof first.targetPort === 'number' ? first.targetPort : first.port}`;
  return `http://${clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP}:${first.port}`;
}
