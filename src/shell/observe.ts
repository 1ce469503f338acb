/**
 * One snapshot of everything that concerns a PruneJob, taken from the caches.
 *
 * Only the ServiceAccount is asked for: names are all that is needed of it, and watching every one of a cluster would cost more.
 */
import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { isTrue } from '../prunejob/kube.ts';
import type { ChildJob, EngineConfig, EngineProgress, GPUNode, Observed, ServiceState, Stage } from '../prunejob/observed.ts';
import type { ServingAdapter } from '../prunejob/serving/adapter.ts';
import { keyOf } from '../runtime/keys.ts';
import type { Key } from '../runtime/types.ts';
import { serviceType } from './resources.ts';
import type { ServiceAccounts } from './service-accounts.ts';
import type { LiveJob, LiveNode, Stores } from './stores.ts';

export interface ObserveOptions {
  readonly stores: Stores;
  readonly serviceAccounts: ServiceAccounts;
  readonly progressOf: (podUid: string) => EngineProgress | undefined;
  readonly adapter: ServingAdapter;
  readonly engine: EngineConfig;
}

export type Observe = (key: Key) => Promise<Observed | undefined>;

const gpu = 'nvidia.com/gpu';
const stages: readonly Stage[] = ['inspect', 'prune', 'clean'];

/** Undefined when there is no such PruneJob (any more). */
export function createObserve(options: ObserveOptions): Observe {
  const { stores, serviceAccounts, engine } = options;
  return async (key) => {
    const pruneJob = stores.pruneJobs.get(key);
    if (pruneJob === undefined) return undefined;
    const account = pruneJob.spec.runner.serviceAccountName ?? engine.serviceAccountName;
    const serviceAccount = await serviceAccounts.find(pruneJob.metadata.namespace, account);
    const childJobs = childJobsOf(stores, pruneJob);
    return {
      pruneJob,
      childJobs,
      serviceAccount,
      service: serviceOf(options, pruneJob),
      nodes: stores.nodes.list().flatMap(gpuNode),
      engine,
      ...optional('progress', progressOf(options, childJobs)),
      ...optional('sameRun', sameRun(stores, pruneJob)),
    };
  };
}

export function childJobsOf(stores: Pick<Stores, 'jobs' | 'enginePods'>, pruneJob: PruneJob): ChildJob[] {
  return stores.jobs.byIndex('owner', pruneJob.metadata.uid).flatMap((job) => childJob(stores, job));
}

function childJob(stores: Pick<Stores, 'enginePods'>, job: LiveJob): ChildJob[] {
  const stage = stages.find((candidate) => candidate === job.metadata.labels?.[labels.stage]);
  const attempt = Number(job.metadata.labels?.[labels.attempt]);
  if (stage === undefined || !Number.isInteger(attempt)) return [];
  return [{ stage, attempt, job, pods: stores.enginePods.byIndex('owner', job.metadata.uid ?? '') }];
}

function serviceOf({ stores, adapter }: ObserveOptions, { metadata, spec }: PruneJob): ServiceState {
  if (spec.serving === undefined) return 'NotAsked';
  const key = `${metadata.namespace}/${spec.serving.ref.name}`;
  const service = serviceType(spec.serving.ref) === undefined ? undefined : stores.services.get(key);
  if (service === undefined) return 'Missing';
  return adapter.read({
    service,
    deployments: stores.deployments.byIndex('service', key),
    replicaSets: stores.replicaSets.byIndex('service', key),
    pods: stores.servingPods.byIndex('service', key),
  });
}

function gpuNode({ metadata, spec, status }: LiveNode): GPUNode[] {
  const allocatableGPUs = Number(status?.allocatable?.[gpu]);
  if (!Number.isInteger(allocatableGPUs)) return [];
  const product = metadata.labels?.[`${gpu}.product`];
  const memoryMiB = Number(metadata.labels?.[`${gpu}.memory`]);
  return [
    {
      name: metadata.name,
      allocatableGPUs,
      ready: isTrue(status?.conditions, 'Ready'),
      schedulable: spec?.unschedulable !== true,
      ...optional('product', product),
      ...optional('memoryMiB', Number.isFinite(memoryMiB) ? memoryMiB : undefined),
    },
  ];
}

function progressOf({ progressOf: latest }: ObserveOptions, childJobs: readonly ChildJob[]): EngineProgress | undefined {
  const pods = childJobs.filter(({ stage }) => stage === 'prune').flatMap(({ pods }) => pods);
  return pods.map(({ metadata }) => latest(metadata.uid ?? '')).find((progress) => progress !== undefined);
}

/** The oldest goes first; of two created in the same second, the one whose uid sorts first. */
function sameRun({ pruneJobs }: Stores, pruneJob: PruneJob): string | undefined {
  const runKey = pruneJob.status?.runKey;
  if (runKey === undefined) return undefined;
  const older = pruneJobs.byIndex('runKey', runKey).find((other) => isUnfinished(other) && seniority(other) < seniority(pruneJob));
  return older === undefined ? undefined : keyOf(older);
}

function isUnfinished({ metadata, status }: PruneJob): boolean {
  return metadata.deletionTimestamp === undefined && !isTrue(status?.conditions, 'Complete') && !isTrue(status?.conditions, 'Failed');
}

function seniority({ metadata }: PruneJob): string {
  return `${metadata.creationTimestamp} ${metadata.uid}`;
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}
