/** Which kinds the operator reads, and the labels by which it asks for no more of them than it needs. */
import { group, kind, labels, plural, version } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { ServiceRef } from '../prunejob/decision.ts';
import { serviceKind, serviceKinds } from '../prunejob/serving/registry.ts';
import type { ObjectRef, ResourceType } from '../runtime/types.ts';

export const pruneJobType: ResourceType = { group, version, plural, kind, namespaced: true };
export const jobType: ResourceType = { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true };
export const podType: ResourceType = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
export const claimType: ResourceType = { group: '', version: 'v1', plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true };
export const nodeType: ResourceType = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
export const serviceAccountType: ResourceType = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };
export const deploymentType: ResourceType = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true };
/** Of Kubernetes, where the pods of a model are reached. */
export const networkServiceType: ResourceType = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };
export const replicaSetType: ResourceType = { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet', namespaced: true };
export const engineLabel = labels.pruneJob;

/** The object that `spec.serving.ref` names. */
export function serviceRef(ref: ServiceRef): ObjectRef {
  const row = serviceKind(ref);
  if (row === undefined) throw new Error(`${ref.kind} of ${ref.apiVersion} cannot be moved by this operator; name one of: ${serviceKinds.map(({ type }) => type.kind).join(', ')}.`);
  return { type: row.type, name: ref.name, namespace: ref.namespace };
}

export function pruneJobRef({ metadata }: PruneJob): ObjectRef {
  return { type: pruneJobType, name: metadata.name, namespace: metadata.namespace };
}
