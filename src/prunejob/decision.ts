/**
 * What a decision is: effects as values.
 *
 * The shell runs `actions` in order and stops at the first failure that an action does not allow for; then it writes `status`, only if it differs;
 * then it emits `events`. What must be remembered before an act is in the status of an earlier decision than the act.
 * The next decision about the same PruneJob sees what this one wrote to the status and to the service.
 */
import type { PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { ConfigMap, KubeObject } from './kube.ts';

/** The object that `spec.serving.ref` names, in the PruneJob's namespace. */
export interface ServiceRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** `bestEffort`: its failure is told, and the rest goes on. */
export type ServiceAction = { readonly bestEffort?: true } & (
  /** Server-side apply with force, as field manager `stun-operator`. `ifVersion`: only onto the service as it was when this was decided. */
  | { readonly kind: 'ApplyService'; readonly ref: ServiceRef; readonly object: KubeObject; readonly ifVersion?: string }
  /** Drop our own entry from metadata.managedFields by JSON patch test + remove: values stay, nobody owns them for us. */
  | { readonly kind: 'ReleaseService'; readonly ref: ServiceRef }
);

export type Action =
  | ServiceAction
  | { readonly kind: 'AddFinalizer' }
  /** `onceIdle`: not while the API server itself, ahead of the caches, shows a Job or pod of the PruneJob at work. */
  | { readonly kind: 'RemoveFinalizer'; readonly onceIdle?: true }
  /** Plain create, never apply: "already exists" is success, because the name is deterministic. */
  | { readonly kind: 'CreateJob'; readonly manifest: KubeObject }
  | { readonly kind: 'CreateClaim'; readonly manifest: KubeObject }
  /** Created, or brought up to date; one of that name that is not this PruneJob's is left alone. */
  | { readonly kind: 'WriteConfigMap'; readonly manifest: ConfigMap }
  /** A pod that still uses it keeps it until it ends. */
  | { readonly kind: 'DeleteClaim'; readonly name: string; readonly uid: string }
  /** Foreground, so that the Job stays visible until its last pod is gone. */
  | { readonly kind: 'DeleteJob'; readonly name: string; readonly uid: string }
  /** Merge into the Job's spec what may change after creation; the template stays untouched. */
  | { readonly kind: 'UpdateJob'; readonly name: string; readonly uid: string; readonly spec: JobLimits };

export interface JobLimits {
  readonly activeDeadlineSeconds?: number;
  readonly ttlSecondsAfterFinished?: number;
}

/** An events.k8s.io/v1 Event about the PruneJob. */
export interface EventIntent {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, the reason of the condition that changed. */
  readonly reason: string;
  /** What was being done: Inspect, Plan, Prune, ... */
  readonly action: string;
  readonly note: string;
}

export interface Decision {
  readonly actions: readonly Action[];
  /** The whole status as it should be from now on; never a patch. */
  readonly status: PruneJobStatus;
  readonly events: readonly EventIntent[];
  /** Look again after this long, even if nothing happens. Absent: the next watch event is enough. */
  readonly requeueAfterMs?: number;
}
