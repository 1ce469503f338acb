/** Why a queue holds a Job back: Kueue's own sentence, and what to do about it. One row for each thing it can say. */
import type { ConditionUpdate } from '../../api/conditions.ts';
import { condition, isTrue, type Job, type KubeCondition } from '../kube.ts';
import { queueOf, type Workload, type WorkloadState } from './kueue.ts';

export type Held = Pick<ConditionUpdate, 'reason' | 'message'>;

interface Row {
  readonly name: string;
  readonly text: RegExp;
  readonly reason: ConditionUpdate['reason'];
  readonly remedy: string;
}

/** The first that fits: one sentence may name several flavors, each for a reason of its own. */
export const holds: readonly Row[] = [
  { name: 'LocalQueue missing', text: /LocalQueue \S+ (is terminating or missing|doesn't exist)/, reason: 'QueueNotFound', remedy: 'Create it, or name another (kubectl get localqueues) in a new PruneJob.' },
  { name: 'ClusterQueue missing', text: /ClusterQueue \S+ (is terminating or missing|doesn't exist|not found)/, reason: 'QueueNotFound', remedy: 'Create the ClusterQueue that the LocalQueue names, or name another LocalQueue in a new PruneJob.' },
  { name: 'queue stopped', text: /Queue \S+ is (stopped|inactive)/, reason: 'QueueStopped', remedy: 'It goes on when the queue is started again: its stopPolicy, and its Active condition, say what holds it.' },
  { name: 'no free quota', text: /insufficient unused quota/, reason: 'WaitingForQuota', remedy: 'It starts when enough of the quota is given back.' },
  { name: 'more than the queue has', text: /> maximum capacity/, reason: 'QueueUnsuited', remedy: 'Give the ClusterQueue more quota, or name another LocalQueue in a new PruneJob.' },
  { name: 'resource without quota', text: /unavailable in ClusterQueue/, reason: 'QueueUnsuited', remedy: 'Give the ClusterQueue quota for cpu, memory and nvidia.com/gpu: the pod requests all three.' },
  { name: 'no fitting flavor', text: /doesn't match node affinity|untolerated taint/, reason: 'QueueUnsuited', remedy: 'Compare the nodeLabels and taints of the ResourceFlavor with runner.gpuProducts.' },
  { name: 'namespace not taken', text: /namespace doesn't match ClusterQueue selector/, reason: 'QueueUnsuited', remedy: 'Let the namespaceSelector of the ClusterQueue take this namespace, or name another LocalQueue in a new PruneJob.' },
];

/** Kueue makes a Workload within a second or so. */
const workloadWithinMs = 15_000;

/** Of a suspended Job. */
export function heldBecause(job: Job, workload: WorkloadState | undefined, now: Date): Held {
  const queue = queueOf(job);
  if (queue === undefined) return withoutQueue(job);
  if (typeof workload === 'object') return saidOf(job, workload);
  if (workload === 'NoKueue') return { reason: 'KueueNotFound', message: `${waits(job, queue)} But this cluster has no Kueue, or one older than 0.15. Install it, or apply a new PruneJob without runner.queueName.` };
  const overlooked = workload === 'None' && now.getTime() - Date.parse(job.metadata.creationTimestamp ?? '') > workloadWithinMs;
  return { reason: 'WaitingForAdmission', message: overlooked ? `${waits(job, queue)} Kueue has not taken it up. See that Kueue runs, and that its configuration has batch/job and this namespace.` : waits(job, queue) };
}

/** Also what is said of a Job that is just being made. */
export function waits({ metadata: { name, namespace = '' } }: Pick<Job, 'metadata'>, queue: string): string {
  return `Job ${name} waits for LocalQueue ${namespace}/${queue} to admit it.`;
}

/** Only the stage prune gets a queue from us. */
function withoutQueue({ metadata: { name, namespace = '' } }: Job): Held {
  const message = `Job ${name} is suspended and names no queue. If Kueue manages Jobs without one here, give namespace ${namespace} a LocalQueue named default.`;
  return { reason: 'WaitingForAdmission', message };
}

function saidOf(job: Job, workload: Workload): Held {
  if (workload.spec?.active === false) return deactivated(job, workload);
  const conditions = workload.status?.conditions;
  if (!isTrue(conditions, 'QuotaReserved')) return unreserved(job, condition(conditions, 'QuotaReserved'));
  // A quota that is about to be taken away stands there a moment longer.
  return isTrue(conditions, 'Evicted') ? unreserved(job, undefined) : unadmitted(job, workload);
}

function unadmitted({ metadata }: Job, { status }: Workload): Held {
  const checks = (status?.admissionChecks ?? []).filter(({ state }) => state !== 'Ready');
  const said = checks.map(({ name, message = '' }) => [name, message].filter((part) => part !== '').join(': '));
  return { reason: 'WaitingForAdmission', message: [`Job ${metadata.name} has its quota and waits for admission`, ...said].join('; ').concat('.') };
}

function unreserved(job: Job, reserved: KubeCondition | undefined): Held {
  const queue = waits(job, queueOf(job) ?? '');
  const said = sentence(reserved?.message);
  if (said === '') return { reason: 'WaitingForAdmission', message: queue };
  const row = holds.find(({ text }) => text.test(said));
  return { reason: row?.reason ?? 'WaitingForAdmission', message: [queue, said, ...(row === undefined ? [] : [row.remedy])].join(' ') };
}

/** By somebody, or by Kueue itself: after too many tries, or after the time that a label of Kueue's allows. */
function deactivated({ metadata: { name } }: Job, workload: Workload): Held {
  const { name: of, namespace = '' } = workload.metadata;
  const command = `kubectl -n ${namespace} patch workload ${of} --type=merge -p '{"spec":{"active":true}}'`;
  const why = evictedBecause(workload);
  return { reason: 'Deactivated', message: [`Workload ${of} of Job ${name} is deactivated.`, why, `It goes on after: ${command}`].filter((part) => part !== '').join(' ') };
}

/** Why a Job that had begun was taken back; undefined if Kueue does not say. */
export function takenBackBecause(workload: WorkloadState | undefined): string | undefined {
  const said = typeof workload === 'object' ? evictedBecause(workload) : '';
  return said === '' ? undefined : said;
}

/** Kueue keeps the sentence of an eviction that is over. */
function evictedBecause({ status }: Workload): string {
  const evicted = condition(status?.conditions, 'Evicted');
  return evicted?.status === 'True' ? sentence(evicted.message) : '';
}

function sentence(said = ''): string {
  const text = said.replace(/[.\s]*$/, '').trim();
  return text === '' ? '' : `${text}.`;
}
