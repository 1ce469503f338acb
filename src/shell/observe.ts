/**
 * One snapshot of everything that concerns a PruneJob, taken from the caches.
 *
 * Asked for are only the ServiceAccount (names are all that is needed of it, and watching every one of a cluster would cost more), the
 * last pods of a Job that ended before its pod was seen to, what a queue says of a Job that it holds, a service whose pods no label marks,
 * where a canary answers, and what a rollout must know of pods.
 */
import { labels, scratchName } from '../api/names.ts';
import type { PruneJob, ServingSpec } from '../api/v1alpha1/prunejob.ts';
import { isFinished } from '../prunejob/failure/failure.ts';
import { isTrue, type KubeObject } from '../prunejob/kube.ts';
import type { ChildJob, EngineConfig, EngineProgress, GPUNode, Observed, Stage } from '../prunejob/observed.ts';
import type { Policy } from '../prunejob/policy.ts';
import type { ServiceKind } from '../prunejob/serving/registry.ts';
import type { Client, Key } from '../runtime/types.ts';
import { hasEnded, lastPods } from './last-pods.ts';
import { endpointsOf } from './endpoints.ts';
import { asked, type Questions } from './questions.ts';
import { sharesRun } from './same-run.ts';
import { sameService } from './same-service.ts';
import type { ServiceAccounts } from './service-accounts.ts';
import { serviceOf } from './services.ts';
import type { Starting } from './starting.ts';
import type { LiveClaim, LiveJob, LiveNode, LivePod, Stores } from './stores.ts';
import { workloadOf } from './workloads.ts';

export interface ObserveOptions {
  readonly stores: Stores;
  readonly client: Pick<Client, 'get' | 'list'>;
  readonly serviceAccounts: ServiceAccounts;
  readonly progressOf: (podUid: string) => EngineProgress | undefined;
  /** Keys of the PruneJobs whose engines have told this run key. */
  readonly workingOn: (runKey: string) => readonly Key[];
  readonly kindOf: (ref: ServingSpec['ref']) => ServiceKind | undefined;
  readonly engine: EngineConfig;
  readonly policy: Policy;
  readonly starting?: Pick<Starting, 'has' | 'begin'>;
  readonly questions?: Questions;
}

export type Observe = (key: Key) => Promise<Observed | undefined>;

const gpu = 'nvidia.com/gpu';
const stages: readonly Stage[] = ['inspect', 'prune', 'evaluate', 'clean'];
/** Those that write to the place of a run. */
const writing: readonly (string | undefined)[] = ['prune', 'clean'];

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

/** Whoever knows the uid can write it into an owner reference anywhere; the Jobs of a PruneJob are in its own namespace. */
function ownJobs(stores: Stores, pruneJob: PruneJob): LiveJob[] {
  const { uid, namespace } = pruneJob.metadata;
  return [...stores.jobs.byIndex('owner', uid).filter(({ metadata }) => metadata.namespace === namespace), ...deletedJobs(stores, pruneJob)];
}

/**
 * Who deletes a Job mostly leaves its pods to the garbage collector, and they may take a minute to end. Until then the Job counts as one
 * that is being deleted: its pod still has its GPU and still writes.
 */
function deletedJobs({ jobs, enginePods }: Stores, { metadata: { uid, namespace } }: PruneJob): LiveJob[] {
  const pods = enginePods.byIndex('pruneJob', uid).filter((pod) => pod.metadata.namespace === namespace && !hasEnded(pod));
  const gone = pods.flatMap((pod) => jobThatWas(pod) ?? []).filter(({ metadata }) => jobs.get(`${namespace}/${metadata.name}`)?.metadata.uid !== metadata.uid);
  return [...new Map(gone.map((job) => [job.metadata.uid, job])).values()];
}

function jobThatWas({ metadata: { namespace = '', labels: marks = {}, ownerReferences = [], creationTimestamp = '' } }: LivePod): LiveJob | undefined {
  const owner = ownerReferences.find(({ controller }) => controller);
  if (owner === undefined) return undefined;
  const { apiVersion, kind, name, uid } = owner;
  return { apiVersion, kind, metadata: { name, namespace, uid, labels: marks, creationTimestamp, deletionTimestamp: creationTimestamp }, status: {} };
}

/** Found by its owner, as the Jobs are: a claim of that name that is not this PruneJob's is nothing it could use or delete. */
function scratchOf({ claims }: Stores, { metadata: { uid, name, namespace } }: PruneJob): LiveClaim | undefined {
  return claims.byIndex('owner', uid).find(({ metadata }) => metadata.namespace === namespace && metadata.name === scratchName(name));
}

function childJob(job: LiveJob): { readonly stage: Stage; readonly attempt: number; readonly job: LiveJob }[] {
  const stage = stages.find((candidate) => candidate === job.metadata.labels?.[labels.stage]);
  const attempt = Number(job.metadata.labels?.[labels.attempt]);
  return stage === undefined || !Number.isInteger(attempt) ? [] : [{ stage, attempt, job }];
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

/**
 * Between a decision and its Job another PruneJob of the run may have been decided about: so looking once more and beginning are one step.
 * What writes nothing disturbs nobody.
 */
export function beginJob(options: ObserveOptions, pruneJob: PruneJob, manifest: KubeObject): void {
  if (!writing.includes(manifest.metadata.labels?.[labels.stage])) return;
  const first = sameRun(options, pruneJob);
  if (first !== undefined) throw new Error(`PruneJob ${first.namespace}/${first.name} has begun the same run meanwhile; this one goes on when that is over.`);
  options.starting?.begin(pruneJob.metadata.uid, manifest);
}

/** Of those that would write to one place, the one that goes before this one. */
function sameRun(options: ObserveOptions, pruneJob: PruneJob): Observed['sameRun'] {
  const runKey = pruneJob.status?.runKey;
  if (runKey === undefined) return undefined;
  // One that failed may still wait for the last pod of the Job that it stopped.
  const mayWrite = (other: PruneJob): boolean => isUnfinished(other) || works(options.stores, other);
  const others = ofRun(options, runKey).filter((other) => mayWrite(other) && sharesRun(pruneJob, other));
  const first = others.find((other) => rank(options, other) < rank(options, pruneJob));
  return first && { namespace: first.metadata.namespace, name: first.metadata.name, ...(first.metadata.deletionTimestamp === undefined ? {} : { isBeingDeleted: true }) };
}

/** An engine tells its run key before the status can, and the cache is later still; once the status tells one, that counts. */
function ofRun({ stores: { pruneJobs }, workingOn }: ObserveOptions, runKey: string): PruneJob[] {
  const told = workingOn(runKey).flatMap((key) => pruneJobs.get(key) ?? []);
  return [...pruneJobs.byIndex('runKey', runKey), ...told.filter(({ status }) => status?.runKey === undefined)];
}

/**
 * Whoever writes goes first, then the oldest; of two of the same second, the one whose uid sorts first.
 * A suspended one goes last, for nobody knows when it goes on; when it does, or is deleted, it must not disturb who went past it.
 */
function rank(options: ObserveOptions, pruneJob: PruneJob): string {
  const { metadata, spec } = pruneJob;
  return [activity(options, pruneJob), spec.suspend === true ? 1 : 0, metadata.creationTimestamp, metadata.uid].join(' ');
}

/** A Job that was asked for may never have come to be, so it stands behind one that is seen at work, and before none. */
function activity({ stores, starting }: ObserveOptions, pruneJob: PruneJob): number {
  if (works(stores, pruneJob)) return 0;
  return starting?.has(pruneJob.metadata.uid) === true ? 1 : 2;
}

function works(stores: Stores, pruneJob: PruneJob): boolean {
  return ownJobs(stores, pruneJob).flatMap(childJob).some(({ stage, job }) => writing.includes(stage) && !isFinished(job));
}

function isUnfinished({ status }: PruneJob): boolean {
  return !isTrue(status?.conditions, 'Complete') && !isTrue(status?.conditions, 'Failed');
}

function optional<K extends string, T>(key: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, T>);
}
