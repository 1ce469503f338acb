/** Who owns which field, as the API server records it in metadata.managedFields. */
import { annotations, fieldManager, labels } from '../../api/names.ts';
import type { KubeObject, ManagedFieldsEntry } from '../kube.ts';
import type { GitOwner, ServiceObserved } from './adapter.ts';

/** They come back within seconds and write what Git says. kubectl is none of them: it acts only when a person does. */
const gitManagers = ['argocd-controller', 'kustomize-controller', 'helm-controller'];

/** Names of fields; an item of a list that is merged by name is written `[name]`. A path stands for all that is below it. */
export type FieldPath = readonly string[];

export function ownershipOf(service: KubeObject, written: readonly FieldPath[]): Pick<ServiceObserved, 'allowsPrune' | 'gitOwners' | 'gitIgnoresFields' | 'otherManagers' | 'managedByUs'> {
  const others = owners(service, written);
  return {
    allowsPrune: service.metadata.labels?.[labels.allowPrune] === 'true',
    gitOwners: others.filter(({ manager }) => gitManagers.includes(manager)),
    gitIgnoresFields: service.metadata.annotations?.[annotations.gitIgnoresFields] === 'true',
    otherManagers: [...new Set(others.map(({ manager }) => manager))],
    managedByUs: specEntries(service.metadata.managedFields).some(({ manager, operation }) => manager === fieldManager && operation === 'Apply'),
  };
}

/** Somebody set this field; it may be one that the version by which the object was read does not show. */
export function isManaged({ metadata }: KubeObject, path: FieldPath): boolean {
  return specEntries(metadata.managedFields).some(({ fieldsV1 }) => owns(fieldsV1, path));
}

function owners({ metadata }: KubeObject, paths: readonly FieldPath[]): GitOwner[] {
  return specEntries(metadata.managedFields)
    .filter(({ manager }) => manager !== fieldManager)
    .map((entry) => ({ manager: entry.manager ?? 'unknown', fields: paths.filter((path) => owns(entry.fieldsV1, path)).map(written) }))
    .filter(({ fields }) => fields.length > 0);
}

function specEntries(entries: readonly ManagedFieldsEntry[] | undefined): readonly ManagedFieldsEntry[] {
  return (entries ?? []).filter(({ subresource }) => subresource === undefined || subresource === '');
}

/** An entry owns a path if it names it, or if it owns an ancestor as one atomic value. */
function owns(fields: unknown, path: FieldPath): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  const inner = (fields as Readonly<Record<string, unknown>> | undefined)?.[keyOf(first)];
  if (inner === undefined) return false;
  return Object.keys(inner as object).length === 0 || owns(inner, rest);
}

function keyOf(segment: string): string {
  const name = /^\[(.*)\]$/.exec(segment)?.[1];
  return name === undefined ? `f:${segment}` : `k:${JSON.stringify({ name })}`;
}

function written(path: FieldPath): string {
  return path.join('.').replaceAll('.[', '[');
}
