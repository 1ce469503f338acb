/**
 * What the operator knows of Kueue: the label that hands it a Job, and the object in which it says what became of it.
 *
 * Admission, preemption and `spec.suspend` of a Job that has a queue are Kueue's alone; the operator writes them once, when it makes the Job.
 */
import type { Job, KubeCondition, KubeObject } from '../kube.ts';

const prefix = 'kueue.x-k8s.io/';

/** On a Job; the name of a LocalQueue in its namespace. Where Kueue has a default queue, it writes the label itself. */
export const queueLabel = `${prefix}queue-name`;
/** On a Workload. */
export const jobUidLabel = `${prefix}job-uid`;

/** Served since Kueue 0.15. */
export const workloadType = { group: 'kueue.x-k8s.io', version: 'v1beta2', plural: 'workloads', kind: 'Workload', namespaced: true } as const;

/** What Kueue makes of a Job. */
export interface Workload extends KubeObject {
  readonly spec?: { readonly active?: boolean };
  readonly status?: {
    readonly conditions?: readonly KubeCondition[];
    readonly admissionChecks?: readonly { readonly name: string; readonly state?: string; readonly message?: string }[];
  };
}

/** `NoKueue`: the cluster has no such kind. `NotRead`: the operator may not read it. `None`: Kueue has made none. */
export type WorkloadState = 'NoKueue' | 'NotRead' | 'None' | Workload;

/** A priority class, say, goes with the queue: Kueue reads such labels of the Job, and the pod template is where a PruneJob can name them. */
export function queueLabels(queueName: string, podLabels: Readonly<Record<string, string>>): Record<string, string> {
  const others = Object.entries(podLabels).filter(([label]) => label.startsWith(prefix));
  return { ...Object.fromEntries(others), [queueLabel]: queueName };
}

export function queueOf({ metadata }: Job): string | undefined {
  return metadata.labels?.[queueLabel];
}

/** No event tells what Kueue says of a Job that it holds; that it lets go, the Job tells. */
export const heldLookMs = 30_000;

export function isHeld({ spec }: Job): boolean {
  return spec?.suspend === true;
}
