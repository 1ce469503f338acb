/**
 * One snapshot of everything that concerns a PruneJob, taken from the caches.
 *
 * Asked for are only the ServiceAccount (names are all that is needed of it, and watching every one of a cluster would cost more), the
 * last pods of a Job that ended before its pod was seen to, what a queue says of a Job that it holds, a service whose pods no label marks,
 * where a canary answers, and what a rollout must know of pods.
 */
import { scratchName } from '../api/names.ts';
import type { PruneJob, ServingSpec } from '../api/v1alpha1/prunejob.ts';
import { isTrue } from '../prunejob/kube.ts';
import type { ChildJob, EngineConfig, EngineProgress, GPUNode, Observed } from '../prunejob/observed.ts';
import type { Policy } from '../prunejob/policy.ts';
import type { ServiceKind } from '../prunejob/serving/registry.ts';
import type { Client, Key } from '../runtime/types.ts';
import { childJob, ownJobs } from './child-jobs.ts';
import { lastPods } from './last-pods.ts';
import { endpointsOf } from './endpoints.ts';
import { asked, type Questions } from './questions.ts';
import { isUnfinished, sameRun, type RunOptions } from './same-run.ts';
import { sameService } from './same-service.ts';
import type { ServiceAccounts } from './service-accounts.ts';
import { serviceOf } from './services.ts';
import type { LiveClaim, LiveJob, LiveNode, Stores } from './stores.ts';
import { workloadOf } from './workloads.ts';

export interface ObserveOptions extends RunOptions {
  readonly client: Pick<Client, 'get' | 'list'>;
  readonly serviceAccounts: ServiceAccounts;
  readonly progressOf: (podUid: string) => EngineProgress | undefined;
  readonly kindOf: (ref: ServingSpec['ref']) => ServiceKind | undefined;
  readonly engine: EngineConfig;
  readonly policy: Policy;
  readonly questions?: Questions;
}

export type Observe = (key: Key) => Promise<Observed | undefined>;

const gpu = 'nvidia.com/gpu';
/** Undefined when there is no such PruneJob (any more). */
export function createObserve(options: ObserveOptions): Observe {
  const { stores, serviceAccounts, engine, policy } = options;
  return async (key) => {
    const pruneJob = stores.pruneJobs.get(key);
    if (pruneJob === undefined) return undefined;
    const account = pruneJob.spec.runner.serviceAccountName ?? engine.serviceAccountName;
    const serviceAccount = await serviceAccounts.find(pruneJob.metadata.namespace, account);
    const childJobs = await childJobsOf(options, pruneJob);
    const workload = await workloadOf(options.client, childJobs);
    const service = await serviceOf(options, pruneJob);
    const endpoints = await endpointsOf(options, pruneJob);
    const answers = options.questions === undefined ? {} : await asked(options.questions, pruneJob, service);
    return {
      pruneJob,
      childJobs,
      serviceAccount,
      service,
      nodes: stores.nodes?.list().flatMap(gpuNode) ?? 'NotRead',
      engine,
      policy,
      ...optional('workload', workload),
      ...optional('endpoints', endpoints),
      ...answers,
      ...optional('scratch', scratchOf(stores, pruneJob)),
      ...optional('progress', progressOf(options, childJobs)),
      ...optional('sameRun', sameRun(options, pruneJob)),
      ...optional('sameService', sameService(stores.pruneJobs, pruneJob)),
    };
  };
}

async function childJobsOf({ stores, client }: ObserveOptions, pruneJob: PruneJob): Promise<ChildJob[]> {
  const children = ownJobs(stores, pruneJob).flatMap(childJob);
  const podsOf = (job: LiveJob) => (isUnfinished(pruneJob) ? lastPods(client, stores.enginePods, job) : stores.enginePods.byIndex('owner', job.metadata.uid ?? ''));
  return Promise.all(children.map(async (child) => ({ ...child, pods: await podsOf(child.job) })));
}

/** Found by its owner, as the Jobs are: a claim of that name that is not this PruneJob's is nothing it could use or delete. */
function scratchOf({ claims }: Stores, { metadata: { uid, name, namespace } }: PruneJob): LiveClaim | undefined {
  return claims.byIndex('owner', uid).find(({ metadata }) => metadata.namespace === namespace && metadata.name === scratchName(name));
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
      ...optional('labels', metadata.labels),
      ...optional('taints', spec?.taints),
    },
  ];
}

function progressOf({ progressOf: latest }: ObserveOptions, childJobs: readonly ChildJob[]): EngineProgress | undefined {
  const pods = childJobs.filter(({ stage }) => stage === 'prune').flatMap(({ pods }) => pods);
  return pods.map(({ metadata }) => latest(metadata.uid ?? '')).find((progress) => progress !== undefined);
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}
