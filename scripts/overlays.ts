/**
 * manifests/overlays: what the chart gives with the values of each overlay, as kustomize patches on manifests/base.
 *
 * `values.yaml` of an overlay is its source; everything beside it is derived, so that chart and kustomize cannot drift apart.
 */
import { isDeepStrictEqual } from 'node:util';
import { dump } from 'js-yaml';
import type { KubeObject } from '../src/runtime/types.ts';

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly value?: unknown;
}

export interface Overlay {
  /** Objects that the base lacks. */
  readonly added: readonly KubeObject[];
  readonly patches: readonly Patch[];
}

interface Patch {
  readonly target: { readonly kind: string; readonly name: string };
  /** YAML in a text, because that is what kustomize takes. */
  readonly patch: string;
}

export function overlayOf(base: readonly KubeObject[], wanted: readonly KubeObject[]): Overlay {
  const find = (list: readonly KubeObject[], object: KubeObject): KubeObject | undefined => list.find((candidate) => identity(candidate) === identity(object));
  const removed = base.filter((object) => find(wanted, object) === undefined);
  const changed = wanted.flatMap((object) => {
    const before = find(base, object);
    return before === undefined || isDeepStrictEqual(before, object) ? [] : [{ object, operations: difference(before, object) }];
  });
  return {
    added: wanted.filter((object) => find(base, object) === undefined),
    patches: [
      ...removed.map((object) => ({ target: targetOf(object), patch: yaml({ ...identifying(object), $patch: 'delete' }) })),
      ...changed.map(({ object, operations }) => ({ target: targetOf(object), patch: yaml(operations) })),
    ],
  };
}

/** RFC 6902. A list that differs is replaced as a whole: an index would say nothing to whoever reads the patch. */
export function difference(before: unknown, after: unknown, path = ''): JsonPatchOperation[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (!isFields(before) || !isFields(after)) return [{ op: 'replace', path, value: after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key): JsonPatchOperation[] => {
    const below = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (!(key in after)) return [{ op: 'remove', path: below }];
    return key in before ? difference(before[key], after[key], below) : [{ op: 'add', path: below, value: after[key] }];
  });
}

function yaml(value: object): string {
  return dump(value, { lineWidth: -1 });
}

function identity({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

function targetOf({ kind, metadata }: KubeObject): Patch['target'] {
  return { kind, name: metadata.name };
}

function identifying({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): object {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
