/** Creates what a PruneJob owns once, however often it is asked: the name is deterministic, so the API server refuses the second one. */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import type { Refusal } from '../prunejob/refused.ts';
import { asError, isAlreadyExists, isBadRequest, isInvalid } from '../runtime/errors.ts';
import type { Client, KubeObject as LiveObject, ObjectRef, ResourceType } from '../runtime/types.ts';

/** Strict, because a misspelt field of a pod template would otherwise be dropped without a word. */
export async function createChild(client: Client, type: ResourceType, manifest: KubeObject, pruneJob: PruneJob): Promise<Refusal | undefined> {
  try {
    await client.create(type, manifest, { strict: true });
  } catch (error) {
    // A quota, a policy or a namespace that goes answers 403 or 404: those may change their mind.
    if (isBadRequest(error) || isInvalid(error)) return { manifest, message: asError(error).message };
    if (!isAlreadyExists(error)) throw error;
    await refuseForeign(client, type, manifest, pruneJob);
  }
  return undefined;
}

async function refuseForeign(client: Client, type: ResourceType, { kind, metadata }: KubeObject, pruneJob: PruneJob): Promise<void> {
  const ref: ObjectRef = { type, name: metadata.name, ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }) };
  const existing = await client.get(ref);
  if (existing !== undefined && controllerUid(existing) === pruneJob.metadata.uid) return;
  throw new Error(
    `The ${kind} ${metadata.namespace ?? ''}/${metadata.name} exists already and does not belong to this PruneJob; delete that ${kind}, or create the PruneJob under another name.`,
  );
}

function controllerUid({ metadata }: LiveObject): string | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller)?.uid;
}
