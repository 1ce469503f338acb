/**
 * One snapshot of everything that concerns a PruneJob, taken from the caches.
 *
 * Asked for are only the ServiceAccount (names are all that is needed of it, and watching every one of a cluster would cost more) and
 * the last pods of a Job that ended before its pod was seen to.
 */
import { labels } from '../api/names.ts';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { isTrue } from '../prunejob/kube.ts';
import type { ChildJob, EngineConfig, EngineProgress, GPUNode, Observed, ServiceState, Stage } from '../prunejob/observed.ts';
import type { ServingAdapter } from '../prunejob/serving/adapter.ts';
import { keyOf } from '../runtime/keys.ts';
import type { Client, Key } from '../runtime/types.ts';
import { lastPods } from './last-pods.ts';
import { serviceType } from './resources.ts';
import type { ServiceAccounts } from './service-accounts.ts';
import type { LiveJob, LiveNode, Stores } from './stores.ts';

export interface ObserveOptions {
  readonly stores: Stores;
  readonly client: Pick<Client, 'list'>;
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
    const childJobs = await childJobsOf(options, pruneJob);
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

async function childJobsOf({ stores, client }: ObserveOptions, pruneJob: PruneJob): Promise<ChildJob[]> {
  // Whoever knows the uid can write it into an owner reference anywhere; the Jobs of a PruneJob are in its own namespace.
  const own = stores.jobs.byIndex('owner', pruneJob.metadata.uid).filter(({ metadata }) => metadata.namespace === pruneJob.metadata.namespace);
  const children = own.flatMap(childJob);
  const podsOf = (job: LiveJob) => (isUnfinished(pruneJob) ? lastPods(client, stores.enginePods, job) : stores.enginePods.byIndex('owner', job.metadata.uid ?? ''));
  return Promise.all(children.map(async (child) => ({ ...child, pods: await podsOf(child.job) })));
}

function childJob(job: LiveJob): { readonly stage: Stage; readonly attempt: number; readonly job: LiveJob }[] {
  const stage = stages.find((candidate) => candidate === job.metadata.labels?.[labels.stage]);
  const attempt = Number(job.metadata.labels?.[labels.attempt]);
  return stage === undefined || !Number.isInteger(attempt) ? [] : [{ stage, attempt, job }];
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

/** The oldest goes first, also while it is being deleted, for it may still clean; of two of the same second, the one whose uid sorts first. */
function sameRun({ pruneJobs }: Stores, pruneJob: PruneJob): string | undefined {
  const runKey = pruneJob.status?.runKey;
  if (runKey === undefined) return undefined;
  const older = pruneJobs.byIndex('runKey', runKey).find((other) => isUnfinished(other) && seniority(other) < seniority(pruneJob));
  return older === undefined ? undefined : keyOf(older);
}

function isUnfinished({ status }: PruneJob): boolean {
  return !isTrue(status?.conditions, 'Complete') && !isTrue(status?.conditions, 'Failed');
}

function seniority({ metadata }: PruneJob): string {
  return `${metadata.creationTimestamp} ${metadata.uid}`;
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}
