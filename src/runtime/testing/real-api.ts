/**
 * A real kube-apiserver and etcd with a CRD, for tests of what a stand-in would only confirm to whoever wrote it.
 */
import { KubeConfig } from '@kubernetes/client-node';
import { startApiServer } from '../../../e2e/lib/apiserver.ts';
import { createClient, type KubeClient } from '../client.ts';
import type { KubeObject, ObjectRef, ResourceType } from '../types.ts';
import { eventually } from './eventually.ts';
import { CONFIGMAP } from './objects.ts';

export const WIDGET: ResourceType = { group: 'test.io', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true };

const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
export const widgetCrd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.test.io' },
  spec: { group: 'test.io', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget' }, versions: [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }] },
};

export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

export const dataMap = (namespace: string, name: string, data: Record<string, string> = {}): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name }, data });
export const refTo = (namespace: string, name: string): ObjectRef => ({ type: CONFIGMAP, namespace, name });

export interface RealApi extends AsyncDisposable {
  readonly url: string;
  readonly client: KubeClient;
  /** `port`: of a proxy in between. */
  kubeConfig(port?: number): KubeConfig;
  namespace(name: string): Promise<string>;
}

export async function startRealApi(): Promise<RealApi> {
  const server = await startApiServer();
  const kubeConfig = (port?: number): KubeConfig => {
    const loaded = new KubeConfig();
    loaded.loadFromFile(server.kubeconfig);
    if (port !== undefined) loaded.clusters = loaded.clusters.map((cluster) => ({ ...cluster, server: `https://127.0.0.1:${port}` }));
    return loaded;
  };
  const client = createClient({ kubeConfig: kubeConfig(), fieldManager: 'tester' });
  await server.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', widgetCrd);
  await eventually('the CRD is served', () => client.list(WIDGET).then(() => true, () => undefined));
  return {
    url: server.url,
    client,
    kubeConfig,
    namespace: async (name) => {
      await server.call('POST', '/api/v1/namespaces', { metadata: { name } });
      return name;
    },
    [Symbol.asyncDispose]: async () => {
      client.close();
      await server.stop();
    },
  };
}
