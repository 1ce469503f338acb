/**
 * Who owns which field: what server-side apply and plain updates make of an object and of its metadata.managedFields.
 */
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ManagedFieldsEntry } from '../../../src/runtime/types.ts';
import { fromTree, includes, leavesOf, sameValue, toTree, valueAt, withValue, type Fields, type Path } from './field-sets.ts';

interface Owner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly subresource?: string;
}

/** Of the metadata only what managers fight over. */
function managedPart(object: KubeObject, subresource: string | undefined): Fields {
  const { metadata: { annotations, labels }, spec, status } = object as KubeObject & { readonly spec?: unknown; readonly status?: unknown };
  if (subresource === 'status') return status === undefined ? {} : { status };
  const metadata = { ...(annotations === undefined ? {} : { annotations }), ...(labels === undefined ? {} : { labels }) };
  return { ...(Object.keys(metadata).length === 0 ? {} : { metadata }), ...(spec === undefined ? {} : { spec }) };
}

/** Apply with force: what it names becomes its own, what it named before and leaves out now goes unless somebody else owns it too. */
export function applied(live: KubeObject, config: KubeObject, owner: Owner): KubeObject {
  const part = managedPart(config, owner.subresource);
  const now = leavesOf(part).filter((path) => !isEmpty(valueAt(part, path)) || valueAt(live, path) === undefined);
  const before = ownedBy(live, owner);
  const others = (live.metadata.managedFields ?? []).filter((entry) => !isOf(entry, owner));
  const changed = now.filter((path) => !sameValue(valueAt(live, path), valueAt(part, path)));
  const left = before.filter((path) => !includes(now, path) && !others.some((entry) => includes(fromTree(entry.fieldsV1), path)));
  let next = live as unknown as Fields;
  for (const path of left) next = withValue(next, path, undefined);
  for (const path of now) next = withValue(next, path, valueAt(part, path));
  return withEntries(next, [...others.map((entry) => without(entry, changed)), { ...owner, fieldsV1: toTree(now) }]);
}

/** An object without a field asks for none of those that are there to go. */
function isEmpty(value: unknown): boolean {
  return isDeepStrictEqual(value, {});
}

/** A write that is no apply: whoever changes a field owns it, alone. */
export function updated(live: KubeObject, next: KubeObject, owner: Owner): KubeObject {
  const [before, after] = [managedPart(live, owner.subresource), managedPart(next, owner.subresource)];
  const changed = leavesOf(after).filter((path) => !sameValue(valueAt(before, path), valueAt(after, path)));
  const gone = leavesOf(before).filter((path) => valueAt(after, path) === undefined);
  if (changed.length + gone.length === 0) return next;
  const entries = next.metadata.managedFields ?? [];
  const own = ownedBy(next, owner).filter((path) => !includes(gone, path) && !includes(changed, path));
  const others = entries.filter((entry) => !isOf(entry, owner)).map((entry) => without(entry, [...changed, ...gone]));
  return withEntries(next as unknown as Fields, [...others, { ...owner, fieldsV1: toTree([...own, ...changed]) }]);
}

/** But for the version, which only a change gets. */
export function isSame(a: KubeObject, b: KubeObject): boolean {
  return isDeepStrictEqual(a, b);
}

function ownedBy({ metadata }: KubeObject, owner: Owner): Path[] {
  return (metadata.managedFields ?? []).filter((entry) => isOf(entry, owner)).flatMap((entry) => fromTree(entry.fieldsV1));
}

function isOf({ manager, operation, subresource }: ManagedFieldsEntry, owner: Owner): boolean {
  return manager === owner.manager && operation === owner.operation && subresource === owner.subresource;
}

function without(entry: ManagedFieldsEntry, paths: readonly Path[]): ManagedFieldsEntry {
  return { ...entry, fieldsV1: toTree(fromTree(entry.fieldsV1).filter((path) => !includes(paths, path))) };
}

function withEntries(object: Fields, entries: readonly ManagedFieldsEntry[]): KubeObject {
  const next = object as unknown as KubeObject;
  const managedFields = entries.filter(({ fieldsV1 }) => fieldsV1 !== undefined && Object.keys(fieldsV1).length > 0);
  return { ...next, metadata: { ...next.metadata, managedFields } };
}
