/**
 * The parts of raw Kubernetes objects that decisions read.
 *
 * The core keeps its own small shapes because it may not import a client: objects arrive as the JSON that the API server sent,
 * with every other field still in place.
 */

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

/** Any object as JSON; what is written to the API is one of these as well. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: unknown;
  readonly status?: unknown;
}

export interface ConfigMap extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

/** A condition of a built-in kind, or of KServe's. */
export interface KubeCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export type Quantities = Readonly<Record<string, string | number>>;

export interface Container {
  readonly name: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath?: string } } }[];
  readonly resources?: { readonly limits?: Quantities; readonly requests?: Quantities };
  readonly volumeMounts?: readonly { readonly name: string; readonly subPath?: string }[];
  /** Of an init container that stays beside the others. */
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Probe {
  readonly httpGet?: { readonly port: number | string; readonly scheme?: string };
  readonly tcpSocket?: { readonly port: number | string };
}

interface Waiting {
  readonly reason?: string;
  readonly message?: string;
}

export interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
  readonly finishedAt?: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: { readonly waiting?: Waiting; readonly running?: { readonly startedAt?: string }; readonly terminated?: Terminated };
  readonly lastState?: { readonly terminated?: Terminated };
}

export interface Pod {
  readonly metadata: Metadata;
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly Container[]; readonly initContainers?: readonly Container[]; readonly tolerations?: readonly Toleration[] };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly startTime?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly KubeCondition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface Job {
  readonly metadata: Metadata;
  readonly spec?: { readonly suspend?: boolean; readonly activeDeadlineSeconds?: number; readonly ttlSecondsAfterFinished?: number };
  readonly status?: {
    readonly active?: number;
    readonly succeeded?: number;
    readonly failed?: number;
    readonly startTime?: string;
    readonly conditions?: readonly KubeCondition[];
  };
}

export interface Claim {
  readonly metadata: Metadata;
}

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

export interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
}

/** Of a node's labels, or its fields. */
export interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** Onto which nodes a pod may go. */
export interface Placement {
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly Toleration[];
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: {
        readonly nodeSelectorTerms: readonly { readonly matchExpressions?: readonly Expression[]; readonly matchFields?: readonly Expression[] }[];
      };
    };
  };
}

export interface PodSpec extends Placement {
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name: string; readonly persistentVolumeClaim?: { readonly claimName: string } }[];
}

export interface Deployment {
  readonly metadata: Metadata;
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: { readonly metadata?: Partial<Metadata>; readonly spec?: PodSpec };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly conditions?: readonly KubeCondition[];
  };
}

export interface ReplicaSet {
  readonly metadata: Metadata;
}

export function condition(conditions: readonly KubeCondition[] | undefined, type: string): KubeCondition | undefined {
  return conditions?.find((candidate) => candidate.type === type);
}

export function isTrue(conditions: readonly KubeCondition[] | undefined, type: string): boolean {
  return condition(conditions, type)?.status === 'True';
}
