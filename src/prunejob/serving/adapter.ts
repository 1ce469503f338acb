/**
 * One interface for everything that can serve a model, so that plan, rollout and put-back know no kind of service.
 *
 * An adapter is pure: `read` turns the raw objects into facts, `object` turns fields into a server-side apply configuration.
 * The rule behind both: a service is judged by the pods that run, never by its own Ready, which stays True while old pods serve.
 */
import type { ServiceRef } from '../decision.ts';
import type { Deployment, KubeObject, Placement, Pod, ReplicaSet } from '../kube.ts';

/** Where a kind of service lives in the API. */
export interface ServiceType {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: true;
}

/** The raw objects from which an adapter reads a service: itself with its managedFields, and what the registry's row finds behind it. */
export interface ServingObjects {
  readonly service: KubeObject;
  readonly deployments: readonly Deployment[];
  readonly replicaSets: readonly ReplicaSet[];
  readonly pods: readonly Pod[];
}

/**
 * The fields that a rollout writes, as the service's own spec has them now; absent means that the spec leaves them out.
 * Saved as they are before the first write, and written back unchanged if the rollout fails.
 */
export interface ServiceFields {
  readonly modelUri: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Where the service has a field for it; else it is one of the arguments. */
  readonly tensorParallel?: number;
  /** GPUs of one replica, as a limit and as a request. */
  readonly gpuLimit?: number;
  readonly gpuRequest?: number;
  /** Kept as raw JSON: it is only ever compared and written back. */
  readonly deploymentStrategy?: Readonly<Record<string, unknown>>;
  readonly progressDeadlineSeconds?: number;
  /** Kept as written, to the byte: KServe copies annotations into the pod template, so another spelling restarts every pod. */
  readonly receipt?: string;
  /** There only while this operator's canary is. */
  readonly canary?: Canary;
  /** Written only after a canary had it raised, so never compared. */
  readonly minReplicas?: number;
  /** What a canary is made from; not written with the rest, so never compared. */
  readonly stable?: Stable;
  /** Where the fields above are in a service whose shape its owner chose. Not written, so never compared. */
  readonly place?: Place;
}

/** One pod of the pruned model beside the service, without traffic. */
export interface Canary extends Pick<ServiceFields, 'modelUri' | 'args' | 'gpuLimit' | 'gpuRequest' | 'receipt'> {
  /** Of the service itself while the canary is there, where it has to be raised. */
  readonly minReplicas?: number;
}

export interface Stable {
  readonly minReplicas?: number;
  readonly modelFormat?: object;
}

export interface Place {
  readonly container: string;
  readonly model: 'Argument' | 'Annotation';
}

export type RolloutStrategy = 'Canary' | 'Surge' | 'Recreate';

export interface ServiceTarget {
  readonly modelUri: string;
  readonly gpusPerReplica: number;
  readonly tensorParallel: number;
  readonly strategy: RolloutStrategy;
  /** How long new pods may take to load: less patience in the service itself would call a slow rollout a failed one. */
  readonly deadlineSeconds: number;
}

/** Left on the service as an annotation: where its model comes from and what it was before. */
export interface Receipt {
  readonly pruneJob: string;
  readonly runKey: string;
  readonly manifestDigest: string;
  readonly previousUri: string;
  readonly gpusBefore: number;
  readonly gpusAfter: number;
  readonly quality?: string;
  /** Of the public key that the model's signature was verified with. */
  readonly keyFingerprint?: string;
}

/** What the rendered Deployment and its pods say. */
export interface Running {
  readonly modelUri?: string;
  readonly gpusPerReplica: number;
  readonly tensorParallel?: number;
  /** Pods of the newest template, and pods that answer. */
  readonly updatedReplicas?: number;
  readonly availableReplicas?: number;
  /** Every wanted replica is updated and available, and no pod of an older template is left. */
  readonly settled: boolean;
  /** It has taken up its template with no replica: nothing shows that this runs, and nothing is left to come. */
  readonly stopped?: true;
  /** Why it is not settled, as the end of a sentence that begins with the service's name. */
  readonly pending?: string;
  /** A sign that waiting longer is useless, as a sentence. */
  readonly failure?: string;
  readonly stuck?: Stuck;
  /** The ready pods of the newest template; absent where there is no Deployment. */
  readonly endpoints?: readonly Endpoint[];
}

/** A new pod that starts only if somebody mends something outside of it. */
export interface Stuck {
  readonly since: string;
  /** As a sentence, with what to mend. */
  readonly message: string;
}

/** Where one pod can be asked for a completion. */
export interface Endpoint {
  readonly podUid: string;
  readonly pod: string;
  /** As `http://10.0.0.7:8080`. */
  readonly url: string;
  /** Where the OpenAI API may begin, the likely ones first. */
  readonly paths: readonly string[];
  /** The names by which the server may know its model, the likely ones first. */
  readonly models: readonly string[];
}

export interface Refusal {
  readonly reason: 'UnsupportedService' | 'NotSupportedYet';
  readonly message: string;
}

export interface GitOwner {
  readonly manager: string;
  readonly fields: readonly string[];
}

export interface ServiceObserved {
  /** As the API server has it: a patch for Git names places in it that no field tells. */
  readonly object: KubeObject;
  /** Set when this operator cannot move the service; every other field may then be meaningless. */
  readonly refusal?: Refusal;
  readonly fields: ServiceFields;
  readonly replicas: number;
  /** The strategies that cannot move it, each with why, as the end of a sentence that begins with the service. */
  readonly unsuited: Readonly<Partial<Record<RolloutStrategy, string>>>;
  /** Why it cannot be given a model in a claim, as the end of a sentence that begins with the service. */
  readonly claimProblem?: string;
  /** As the running container's arguments say; absent when they do not. */
  readonly tensorParallel?: number;
  readonly maxModelLen?: number;
  readonly maxConcurrency?: number;
  /** Where its pods run: the GPUs there are the ones to plan for. */
  readonly nodeNames: readonly string[];
  /** Onto which nodes its pods may go; absent while nothing is rendered. */
  readonly placement?: Placement;
  /** The owner of the service offered it to PruneJobs, which counts where the policy asks for it. */
  readonly allowsPrune: boolean;
  /** GitOps managers that own a field which a rollout writes. */
  readonly gitOwners: readonly GitOwner[];
  /** The owner of the service declared that Git ignores the fields a rollout writes. */
  readonly gitIgnoresFields: boolean;
  /** Other managers that own a field which a rollout writes, for the name in a conflict. */
  readonly otherManagers: readonly string[];
  /** An entry of our own is in metadata.managedFields. */
  readonly managedByUs: boolean;
  readonly receipt?: Receipt;
  readonly running: Running;
  /** What runs of the canary, while anything does. */
  readonly canary?: Running;
}

export interface ServingAdapter {
  /** Never throws: a service that cannot be moved comes back with a `refusal`. */
  read(objects: ServingObjects): ServiceObserved;
  /** The fields after the rollout; everything the target does not name stays as it is. */
  targetFields(current: ServiceFields, target: ServiceTarget): ServiceFields;
  /** The canary that proves these target fields; only of kinds that can have one. */
  canary?(current: ServiceFields, target: ServiceFields): Canary;
  /** The Kubernetes Services at which the service of this name and its canary answer; of the same kinds. */
  networkServices?(name: string): { readonly serving: string; readonly canary: string };
  /**
   * The whole apply configuration of our field manager. A field left out is given up: it vanishes if nobody else owns it,
   * which is how put-back removes what the rollout added.
   */
  object(ref: ServiceRef, fields: Partial<ServiceFields>): KubeObject;
}
