/**
 * Lets go of the fields we own on a service, and leaves their values where they are.
 *
 * The trap is an empty server-side apply: it removes every field that nobody else owns, and a service without a model is what is left.
 */
import { fieldManager } from '../api/names.ts';
import { isInvalid, isNotFound } from '../runtime/errors.ts';
import type { Client, JsonPatchOperation, KubeObject, ObjectRef } from '../runtime/types.ts';

/** Every writer reorders the entries, so a `test` may fail between our read and our patch. */
const attempts = 5;

/** `confirm` rejects where what was decided does not hold any more. */
export async function release(client: Client, ref: ObjectRef, confirm: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const service = await client.get(ref);
    const operations = service === undefined ? [] : removals(service);
    if (operations.length === 0) return;
    await confirm();
    try {
      await client.jsonPatch(ref, operations);
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isInvalid(error) || attempt === attempts) throw error;
    }
  }
}

/** From the last entry to the first, so that a removal does not move the entries that are still to go. */
function removals({ metadata }: KubeObject): JsonPatchOperation[] {
  const entries = (metadata.managedFields ?? []).map((entry, index) => ({ entry, path: `/metadata/managedFields/${index}` }));
  const ours = entries
    .filter(({ entry }) => entry.manager === fieldManager && entry.operation === 'Apply' && entry.subresource === undefined)
    .reverse()
    .flatMap(({ entry, path }): JsonPatchOperation[] => [
      { op: 'test', path: `${path}/manager`, value: entry.manager },
      { op: 'test', path: `${path}/operation`, value: entry.operation },
      { op: 'remove', path },
    ]);
  return ours.length === 0 || metadata.resourceVersion === undefined ? ours : [{ op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion }, ...ours];
}
