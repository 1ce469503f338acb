/** Creates an engine Job once, however often it is asked: the name is deterministic, so the API server refuses the second one. */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import { isAlreadyExists } from '../runtime/errors.ts';
import type { Client, KubeObject as LiveObject, ObjectRef } from '../runtime/types.ts';
import { jobType } from './resources.ts';

export async function createJob(client: Client, manifest: KubeObject, pruneJob: PruneJob): Promise<void> {
  try {
    await client.create(jobType, manifest);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    await refuseForeign(client, manifest, pruneJob);
  }
}

async function refuseForeign(client: Client, { metadata }: KubeObject, pruneJob: PruneJob): Promise<void> {
  const ref: ObjectRef = { type: jobType, name: metadata.name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }) };
  const existing = await client.get(ref);
  if (existing !== undefined && controllerUid(existing) === pruneJob.metadata.uid) return;
  throw new Error(
    `The Job ${metadata.namespace ?? ''}/${metadata.name} exists already and does not belong to this PruneJob; delete that Job, or create the PruneJob under another name.`,
  );
}

function controllerUid({ metadata }: LiveObject): string | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller)?.uid;
}
