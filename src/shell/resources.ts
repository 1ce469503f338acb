/** Which kinds the operator reads, and the labels by which it asks for no more of them than it needs. */
import { group, kind, labels, plural, version } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { ObjectRef, ResourceType } from '../runtime/types.ts';

export const pruneJobType: ResourceType = { group, version, plural, kind, namespaced: true };
export const jobType: ResourceType = { group: 'batch', version: 'v1', plural: 'jobs', kind: 'Job', namespaced: true };
export const podType: ResourceType = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
export const claimType: ResourceType = { group: '', version: 'v1', plural: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true };
export const nodeType: ResourceType = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };
export const serviceAccountType: ResourceType = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };
export const deploymentType: ResourceType = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment', namespaced: true };
export const replicaSetType: ResourceType = { group: 'apps', version: 'v1', plural: 'replicasets', kind: 'ReplicaSet', namespaced: true };
export const inferenceServiceType: ResourceType = {
  group: 'serving.kserve.io',
  version: 'v1beta1',
  plural: 'inferenceservices',
  kind: 'InferenceService',
  namespaced: true,
};

/** KServe puts it on everything it renders, so one watch by label sees the service's pods and no others of the cluster. */
export const serviceLabel = 'serving.kserve.io/inferenceservice';
export const engineLabel = labels.pruneJob;

/** The type of the object that `spec.serving.ref` names, if it is a kind the operator can move. */
export function serviceType(ref: { readonly apiVersion: string; readonly kind: string }): ResourceType | undefined {
  return [inferenceServiceType].find((type) => ref.apiVersion === `${type.group}/${type.version}` && ref.kind === type.kind);
}

export function pruneJobRef({ metadata }: PruneJob): ObjectRef {
  return { type: pruneJobType, name: metadata.name, namespace: metadata.namespace };
}
