/**
 * The caches that a decision is made from, the indexes by which it finds its way, and what is dropped before an object is kept.
 */
import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { Claim, ContainerStatus, Deployment, Job, KubeCondition, KubeObject, Metadata, Pod, Quantities, ReplicaSet, Taint } from '../prunejob/kube.ts';
import type { ServiceKind } from '../prunejob/serving/registry.ts';
import { keepEverything, withoutManagedFields, type StoreOptions } from '../runtime/store.ts';
import type { KubeObject as LiveObject, ObjectStore } from '../runtime/types.ts';

export type LiveJob = Job & LiveObject;
export type LivePod = Pod & LiveObject;
export type LiveClaim = Claim & LiveObject;
export type LiveDeployment = Deployment & LiveObject;
export type LiveReplicaSet = ReplicaSet & LiveObject;

export interface LiveNode extends LiveObject {
  readonly spec?: { readonly unschedulable?: boolean; readonly taints?: readonly Taint[] };
  readonly status?: { readonly allocatable?: Quantities; readonly conditions?: readonly KubeCondition[] };
}

export interface Stores {
  readonly pruneJobs: ObjectStore<PruneJob>;
  readonly jobs: ObjectStore<LiveJob>;
  readonly enginePods: ObjectStore<LivePod>;
  readonly claims: ObjectStore<LiveClaim>;
  /** Absent where the operator may not read them. */
  readonly nodes?: ObjectStore<LiveNode>;
  /** Of the kinds that are watched. */
  readonly serving: ReadonlyMap<ServiceKind, ServingStores>;
}

/** The services of one kind, and what its controller renders for them. */
export interface ServingStores {
  readonly services: ObjectStore<KubeObject>;
  readonly deployments: ObjectStore<LiveDeployment>;
  readonly replicaSets: ObjectStore<LiveReplicaSet>;
  readonly pods: ObjectStore<LivePod>;
}

/** The key of the service that a PruneJob names. */
export function servedBy({ metadata, spec }: PruneJob): string[] {
  return spec.serving === undefined ? [] : [`${metadata.namespace}/${spec.serving.ref.name}`];
}

export const pruneJobOptions: StoreOptions<PruneJob> = {
  indexes: {
    uid: ({ metadata }) => [metadata.uid],
    runKey: ({ status }) => (status?.runKey === undefined ? [] : [status.runKey]),
    service: servedBy,
  },
};

/**
 * By the controlling owner's uid, so that a same-named PruneJob created later never sees the children of its predecessor; pods also by the
 * PruneJob that they work for, because their Job may be gone before them.
 */
export const childOptions: StoreOptions<LiveObject> = {
  indexes: {
    owner: ({ metadata }) => (metadata.ownerReferences ?? []).filter((owner) => owner.controller).map((owner) => owner.uid),
    pruneJob: (object) => [pruneJobUid(object) ?? ''],
  },
  // There are as many of them as of all that ever ran and was not deleted; what a decision reads is a fifth of one.
  strip: ({ apiVersion, kind, metadata, ...object }) => {
    const { spec, status } = object as LiveJob & LivePod;
    return {
      ...{ apiVersion, kind, metadata: only(metadata, metadataRead) },
      ...(spec === undefined ? {} : { spec: only(spec, specRead) }),
      ...(status === undefined ? {} : { status: { ...only(status, statusRead), ...containersOf(status) } }),
    };
  },
};

/** By their types, so that a decision cannot begin to read a field that is dropped here. */
const metadataRead = fields<keyof Metadata>({
  name: true, namespace: true, uid: true, resourceVersion: true, generation: true, creationTimestamp: true, deletionTimestamp: true,
  labels: true, annotations: true, finalizers: true, ownerReferences: true, managedFields: false,
});
const specRead = fields<keyof Required<Job>['spec'] | keyof Required<Pod>['spec']>({
  suspend: true, activeDeadlineSeconds: true, ttlSecondsAfterFinished: true, nodeName: true, containers: false, initContainers: false, tolerations: false,
});
const statusRead = fields<keyof Required<Job>['status'] | keyof Required<Pod>['status']>({
  active: true, succeeded: true, failed: true, startTime: true, conditions: true, phase: true, podIP: true, reason: true, message: true,
  containerStatuses: false, initContainerStatuses: false,
});
const containerRead = fields<keyof ContainerStatus>({ name: true, restartCount: true, state: true, lastState: true });

function containersOf({ containerStatuses, initContainerStatuses }: Required<Pod>['status']): Partial<Required<Pod>['status']> {
  const read = (containers: readonly ContainerStatus[]) => containers.map((container) => only(container, containerRead));
  return {
    ...(containerStatuses === undefined ? {} : { containerStatuses: read(containerStatuses) }),
    ...(initContainerStatuses === undefined ? {} : { initContainerStatuses: read(initContainerStatuses) }),
  };
}

/** With managedFields: who owns a field decides whether the operator may write it. */
export const serviceOptions: StoreOptions<KubeObject> = { strip: keepEverything };

/** Found by the service that it was rendered for. */
export function renderedOptions(label: string): StoreOptions<LiveObject> {
  return { indexes: { service: (object) => serviceKeys(object, label) } };
}

/** A node's status lists every image it holds; at a thousand nodes that is most of the operator's memory. */
export const nodeOptions: StoreOptions<LiveNode> = {
  strip: (node) => {
    const { spec, status, ...identity } = withoutManagedFields(node);
    return {
      ...identity,
      ...(spec === undefined ? {} : { spec: { ...pick(spec, 'unschedulable'), ...pick(spec, 'taints') } }),
      ...(status === undefined ? {} : { status: { ...pick(status, 'allocatable'), ...pick(status, 'conditions') } }),
    };
  },
};

/** `namespace/name` of the service that something was rendered for. */
export function serviceKeys({ metadata }: LiveObject, label: string): string[] {
  const service = metadata.labels?.[label];
  return service === undefined ? [] : [`${metadata.namespace ?? ''}/${service}`];
}

/** uid of the PruneJob that an engine Job or pod works for: the name may be cut short in its label, the uid never is. */
export function pruneJobUid({ metadata }: LiveObject): string | undefined {
  return metadata.labels?.[labels.pruneJobUid];
}

function fields<K extends string>(read: Readonly<Record<K, boolean>>): ReadonlySet<string> {
  return new Set(Object.entries(read).flatMap(([field, isRead]) => (isRead === true ? [field] : [])));
}

function only<T extends object>(object: T, read: ReadonlySet<string>): T {
  return Object.fromEntries(Object.entries(object).filter(([field]) => read.has(field))) as T;
}

function pick<T extends object, K extends keyof T>(object: T, key: K): Partial<Pick<T, K>> {
  return object[key] === undefined ? {} : ({ [key]: object[key] } as unknown as Pick<T, K>);
}
