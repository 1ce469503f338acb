/**
 * The kinds of service that can be moved: one row each, and nothing else in the operator knows them by name.
 *
 * A kind whose controller marks all that it renders with one label is watched by that label. Where there is none, a watch would have to
 * see every pod of the cluster, so the service of a PruneJob is asked for instead, each time that it is looked at.
 */
import type { KubeObject } from '../kube.ts';
import type { ServiceType, ServingAdapter } from './adapter.ts';
import { deployment } from './deployment.ts';
import { deploymentType, podSelector } from './deployment-types.ts';
import { kserve } from './kserve.ts';
import { inferenceServiceType, serviceLabel } from './kserve-types.ts';
import { llmisvc } from './llmisvc.ts';
import { llmServiceType, workloadSelector } from './llmisvc-types.ts';

export interface ServiceKind {
  readonly type: ServiceType;
  readonly adapter: ServingAdapter;
  /** How the Deployments, ReplicaSets and pods behind a service are found. */
  readonly rendered: Watched | Asked;
}

/** By a label on everything that is rendered, with the service's name as its value. */
export interface Watched {
  readonly label: string;
}

/** By a label selector that the service itself tells. */
export interface Asked {
  readonly selector: (service: KubeObject) => string;
}

export const serviceKinds: readonly ServiceKind[] = [
  { type: inferenceServiceType, adapter: kserve, rendered: { label: serviceLabel } },
  { type: deploymentType, adapter: deployment, rendered: { selector: podSelector } },
  { type: llmServiceType('v1alpha2'), adapter: llmisvc, rendered: { selector: workloadSelector } },
  { type: llmServiceType('v1alpha1'), adapter: llmisvc, rendered: { selector: workloadSelector } },
];

/** Undefined for a kind without a row, which the API server refuses in a PruneJob. */
export function serviceKind(ref: { readonly apiVersion: string; readonly kind: string }): ServiceKind | undefined {
  return serviceKinds.find(({ type }) => ref.apiVersion === `${type.group}/${type.version}` && ref.kind === type.kind);
}
