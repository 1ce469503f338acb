/**
 * The ConfigMap of an emitted patch, by create and, where it is there already, by a JSON patch that tests whose it is.
 *
 * Server-side apply would take over a stranger's ConfigMap of that name without a word, and looking first would need the right to read
 * every ConfigMap of the cluster.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { ConfigMap } from '../prunejob/kube.ts';
import { asError, isAlreadyExists, isInvalid } from '../runtime/errors.ts';
import type { Client, JsonPatchOperation, ResourceType } from '../runtime/types.ts';

const configMapType: ResourceType = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true };

export async function writeConfigMap(client: Client, manifest: ConfigMap, pruneJob: PruneJob): Promise<void> {
  try {
    await client.create(configMapType, manifest);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await update(client, manifest, pruneJob);
  }
}

async function update(client: Client, { metadata: { name }, data }: ConfigMap, { metadata: { namespace, uid } }: PruneJob): Promise<void> {
  const operations: JsonPatchOperation[] = [
    { op: 'test', path: '/metadata/ownerReferences/0/uid', value: uid },
    { op: 'add', path: '/data', value: data },
  ];
  await client.jsonPatch({ type: configMapType, namespace, name }, operations).catch((error: unknown) => {
    if (!isInvalid(error)) throw error;
    throw new Error(
      `The ConfigMap ${namespace}/${name} exists already and is not this PruneJob's, or cannot change; delete it, or create the PruneJob under another name: ${asError(error).message}`,
      { cause: error },
    );
  });
}
