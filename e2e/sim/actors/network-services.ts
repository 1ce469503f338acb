/** The Services through which the pods of a predictor are asked, and whom a request to one of them reaches. */
import { isTrue, type KubeObject } from '../../../src/prunejob/kube.ts';
import type { NetworkService } from '../../../src/prunejob/serving/endpoint-url.ts';
import { networkServiceType, podType } from '../../../src/shell/resources.ts';
import type { LivePod } from '../../../src/shell/stores.ts';
import type { ApiServer } from '../api-server/server.ts';
import type { Author } from '../api-server/storage.ts';

/** Each has an address of its own, also one that is made anew under its name. */
export function expose(server: ApiServer, metadata: KubeObject['metadata'], by: Author): void {
  if (server.get(networkServiceType, `${metadata.namespace ?? ''}/${metadata.name}`) !== undefined) return;
  const clusterIP = `10.96.${server.storage.version >> 8}.${server.storage.version & 255}`;
  const exposed: NetworkService = { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP, ports: [{ port: 80, targetPort: 8080 }] } };
  server.create(networkServiceType, exposed, by);
}

/** A ready pod behind the Service at this URL; pods are named after the Deployment that the Service is named after. */
export function podBehind(server: ApiServer, url: string): LivePod | undefined {
  const { hostname } = new URL(url);
  const exposed = (server.list(networkServiceType) as readonly NetworkService[]).find(({ spec }) => spec?.clusterIP === hostname);
  const prefix = `${exposed?.metadata.name ?? '?'}-`;
  return (server.list(podType) as readonly LivePod[]).find(({ metadata, status }) => metadata.name.startsWith(prefix) && isTrue(status?.conditions, 'Ready'));
}
