/** Who owns which field, as the API server records it in metadata.managedFields. */
import { fieldManager } from '../../api/names.ts';
import type { KubeObject, ManagedFieldsEntry } from '../kube.ts';
import type { GitOwner } from './adapter.ts';

/** They come back within seconds and write what Git says. kubectl is none of them: it acts only when a person does. */
const gitManagers = ['argocd-controller', 'kustomize-controller', 'helm-controller'];

export type FieldPath = readonly string[];

export function gitOwners(service: KubeObject, paths: readonly FieldPath[]): GitOwner[] {
  return owners(service, paths).filter(({ manager }) => gitManagers.includes(manager));
}

export function otherManagers(service: KubeObject, paths: readonly FieldPath[]): string[] {
  return [...new Set(owners(service, paths).map(({ manager }) => manager))];
}

export function managedByUs({ metadata }: KubeObject): boolean {
  return specEntries(metadata.managedFields).some(({ manager, operation }) => manager === fieldManager && operation === 'Apply');
}

function owners({ metadata }: KubeObject, paths: readonly FieldPath[]): GitOwner[] {
  return specEntries(metadata.managedFields)
    .filter(({ manager }) => manager !== fieldManager)
    .map((entry) => ({ manager: entry.manager ?? 'unknown', fields: paths.filter((path) => owns(entry.fieldsV1, path)).map((path) => path.join('.')) }))
    .filter(({ fields }) => fields.length > 0);
}

function specEntries(entries: readonly ManagedFieldsEntry[] | undefined): readonly ManagedFieldsEntry[] {
  return (entries ?? []).filter(({ subresource }) => subresource === undefined || subresource === '');
}

/** An entry owns a path if it names it, or if it owns an ancestor as one atomic value. */
function owns(fields: unknown, path: FieldPath): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  const inner = (fields as Readonly<Record<string, unknown>> | undefined)?.[`f:${first}`];
  if (inner === undefined) return false;
  return Object.keys(inner as object).length === 0 || owns(inner, rest);
}
