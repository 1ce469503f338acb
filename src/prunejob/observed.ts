/**
 * Everything one decision may look at, as of one instant: `decide` asks nobody else.
 *
 * The shell fills it from its caches; whatever is not here (other objects, the clock, the bucket) cannot influence a decision.
 */
import type { Stage } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { Policy } from './policy.ts';
import type { WorkloadState } from './queue/kueue.ts';
import type { ServiceObserved } from './serving/adapter.ts';
import type { Claim, Job, Pod, Taint } from './kube.ts';

export type { ServingObjects } from './serving/adapter.ts';
export type { Stage };

/** A batch/v1 Job of this PruneJob with all the pods it still has, whatever their state. Found by label, not by name. */
export interface ChildJob {
  readonly stage: Stage;
  readonly attempt: number;
  readonly job: Job;
  readonly pods: readonly Pod[];
}

/** The ServiceAccount that engine pods run as. Secrets themselves are never read: only the names in its `secrets[]`. */
export type RunnerServiceAccount = 'Missing' | 'NotARunner' | { readonly name: string; readonly secretNames: readonly string[] };

export interface GPUNode {
  readonly name: string;
  /** Label `nvidia.com/gpu.product`. */
  readonly product?: string;
  /** Label `nvidia.com/gpu.memory`, in MiB. */
  readonly memoryMiB?: number;
  readonly allocatableGPUs: number;
  readonly ready: boolean;
  readonly schedulable: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
}

/** `NotAsked`: no `spec.serving`. `Missing`: the referenced object does not exist (yet). */
export type ServiceState = 'NotAsked' | 'Missing' | ServiceObserved;

/** What the engine's /progress last answered; null where the engine does not know. */
export interface EngineProgress {
  readonly runKey: string | null;
  readonly stage: string | null;
  readonly layer: number | null;
  readonly layers: number | null;
  readonly percent: number | null;
  readonly estimatedRemainingSeconds: number | null;
  readonly updatedAt: string | null;
}

/** What a serving pod made of the last completion that it was asked for. */
export type Answer = { readonly answered: true } | {
  readonly answered: false;
  /** Why not, as the end of a sentence that begins with the pod. */
  readonly why: string;
  /** How often it was asked in vain since it last answered. */
  readonly tries: number;
  /** It answered once, so that it may be busy rather than broken. */
  readonly answeredBefore?: true;
};

/** The operator's own configuration, as far as engine pods are made of it. */
export interface EngineConfig {
  readonly image: string;
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  readonly serviceAccountName: string;
  /** Overlay merged under the PruneJob's own `runner.podTemplate`. */
  readonly podTemplate?: Readonly<Record<string, unknown>>;
}

/** Where the model servers of a service and of its canary answer, as URLs that a pod can ask. */
export interface Endpoints {
  readonly serving: string;
  readonly canary: string;
}

export interface SameRun {
  readonly namespace: string;
  readonly name: string;
}

/** `first`: it goes before this one. */
export interface SameService extends SameRun {
  readonly first: boolean;
}

export interface Observed {
  readonly pruneJob: PruneJob;
  readonly childJobs: readonly ChildJob[];
  /** The PersistentVolumeClaim of this PruneJob, also while it is being deleted. Absent: there is none, or its name is somebody else's. */
  readonly scratch?: Claim;
  /** Of the Job that a queue holds back; asked for only while one does. */
  readonly workload?: WorkloadState;
  readonly serviceAccount: RunnerServiceAccount;
  readonly service: ServiceState;
  /** Looked up only while a gate asks them. */
  readonly endpoints?: Endpoints;
  /** Every node that advertises `nvidia.com/gpu`; `NotRead` where the operator has rights in namespaces only. */
  readonly nodes: readonly GPUNode[] | 'NotRead';
  /** Of the active prune pod, if it answered since the last decision. */
  readonly progress?: EngineProgress;
  /**
   * A PruneJob with this run key and this output that is neither complete nor failed and goes before this one.
   * One that is being deleted counts until it is gone: it may still clean the prefix that both share.
   */
  readonly sameRun?: SameRun & { readonly isBeingDeleted?: true };
  /** A PruneJob that is moving the service which this one names. */
  readonly sameService?: SameService;
  /** By the pod's uid, of the pods that were asked; only while a rollout is due or under way. */
  readonly answers?: Readonly<Record<string, Answer>>;
  /** GPUs that the pods of the cluster request, by node; only right before a rollout. `Forbidden`: the operator may not list them. */
  readonly gpuRequests?: 'Forbidden' | Readonly<Record<string, number>>;
  readonly engine: EngineConfig;
  readonly policy: Policy;
}
