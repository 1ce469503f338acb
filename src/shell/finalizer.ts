/**
 * Our finalizer, by JSON patch with a `test`: a list written as a whole would drop what another controller added since it was read.
 */
import { finalizer } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { isNotFound } from '../runtime/errors.ts';
import type { Client, JsonPatchOperation } from '../runtime/types.ts';
import { pruneJobRef } from './resources.ts';

export interface NextVersion {
  readonly resourceVersion: string | undefined;
}

/** Answers the PruneJob's next version, which differs from the one that was read by this finalizer and nothing else. */
export async function addFinalizer(client: Client, pruneJob: PruneJob): Promise<NextVersion | undefined> {
  const { finalizers = [], resourceVersion } = pruneJob.metadata;
  if (finalizers.includes(finalizer)) return undefined;
  const { metadata } = await client.jsonPatch(pruneJobRef(pruneJob), [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'add', path: '/metadata/finalizers', value: [...finalizers, finalizer] },
  ]);
  return { resourceVersion: metadata.resourceVersion };
}

/** Of this very object: one of its name that was created since still needs its own. One that is gone needs none removed. */
export async function removeFinalizer(client: Client, pruneJob: PruneJob): Promise<void> {
  const index = pruneJob.metadata.finalizers?.indexOf(finalizer) ?? -1;
  if (index < 0) return;
  const path = `/metadata/finalizers/${index}`;
  const operations: JsonPatchOperation[] = [
    { op: 'test', path: '/metadata/uid', value: pruneJob.metadata.uid },
    { op: 'test', path, value: finalizer },
    { op: 'remove', path },
  ];
  await client.jsonPatch(pruneJobRef(pruneJob), operations).catch((error: unknown) => {
    if (!isNotFound(error)) throw error;
  });
}
