/**
 * Kubernetes' Job controller, as far as engine Jobs need it: one pod at a time, the next only when the last has ended
 * (podReplacementPolicy Failed), failures counted or not by podFailurePolicy, a deadline and a time to live.
 */
import type { Commit } from '../api-server/storage.ts';
import { condition, isTrue, type Job, type KubeCondition, type Pod } from '../../../src/prunejob/kube.ts';
import { engineEnd } from '../../../src/prunejob/engine/messages.ts';
import { isFinished } from '../../../src/prunejob/failure/failure.ts';
import { isHeld } from '../../../src/prunejob/queue/kueue.ts';
import { keyOf, typeId } from '../../../src/runtime/keys.ts';
import type { KubeObject } from '../../../src/runtime/types.ts';
import { jobType, podType } from '../../../src/shell/resources.ts';
import type { LiveJob, LivePod } from '../../../src/shell/stores.ts';
import { Reactor } from './reactor.ts';
import { timeOf, type World } from './world.ts';

const by = { manager: 'kube-controller-manager' };
const failsJob: readonly (number | undefined)[] = [2, 4, 5];

interface Spec extends NonNullable<Job['spec']> {
  readonly backoffLimit: number;
  readonly template: { readonly metadata: object; readonly spec: object };
}

interface Ending {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
}

export class JobController {
  readonly #world: World;
  readonly #reactor: Reactor;
  /** Pods that ended, by Job: those that are gone count too. */
  readonly #ended = new Map<string, Map<string, LivePod>>();
  readonly #takenBack = new Set<string>();
  #pods = 0;

  constructor(world: World) {
    this.#world = world;
    this.#reactor = new Reactor(world.scheduler, world.random, (key) => { this.#sync(key); });
    world.server.storage.onCommit((commit) => { this.#hear(commit); });
  }

  #hear({ type, key, before, after }: Commit): void {
    if (typeId(type) === typeId(jobType)) this.#reactor.poke(key);
    if (typeId(type) !== typeId(podType)) return;
    const pod = (after ?? before) as LivePod;
    const owner = pod.metadata.ownerReferences?.find(({ kind }) => kind === 'Job');
    if (owner === undefined) return;
    if (after === undefined || hasEnded(pod)) this.#endedPods(owner.uid).set(pod.metadata.uid ?? '', pod);
    this.#reactor.poke(`${pod.metadata.namespace ?? ''}/${owner.name}`);
  }

  #sync(key: string): void {
    const job = (this.#world.server.get(jobType, key) as LiveJob | undefined);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
    if (isFinished(job)) this.#expire(key, job);
    else if (isHeld(job)) this.#holdBack(key, job);
    else if (job.status?.startTime === undefined) this.#begin(key, job);
    else this.#work(key, job);
  }

  #begin(key: string, job: LiveJob): void {
    const resumed = isTrue(job.status?.conditions, 'Suspended') ? { conditions: [suspended('False', 'JobResumed')] } : {};
    this.#write(key, { ...job.status, ...resumed, startTime: timeOf(this.#world), active: 0, failed: job.status?.failed ?? 0 });
    const seconds = job.spec?.activeDeadlineSeconds ?? 0;
    this.#world.scheduler.after(seconds * 1000 + 1, () => { this.#sync(key); });
  }

  /** Its time begins anew when it goes on, and pods that end now are no failures. */
  #holdBack(key: string, job: LiveJob): void {
    const running = this.#runningOf(job);
    for (const pod of running) {
      this.#takenBack.add(pod.metadata.uid ?? '');
      this.#kill(pod);
    }
    if (job.status?.startTime !== undefined || job.status?.active !== running.length) this.#write(key, { failed: job.status?.failed ?? 0, active: running.length, conditions: [suspended('True', 'JobSuspended')] });
  }

  #runningOf(job: LiveJob): readonly LivePod[] {
    return (this.#world.server.list(podType) as readonly LivePod[]).filter((pod) => isOwned(pod, job) && !hasEnded(pod));
  }

  #work(key: string, job: LiveJob): void {
    const running = this.#runningOf(job);
    const ended = [...this.#endedPods(job.metadata.uid ?? '').values()];
    const failed = ended.filter((pod) => countsAsFailed(pod) && !this.#takenBack.has(pod.metadata.uid ?? '')).length;
    const ending = this.#ending(job, ended, failed);
    if (ending !== undefined && running.length > 0) for (const pod of running) this.#kill(pod);
    else if (ending !== undefined) this.#end(key, job, ending, failed);
    else if (running.length === 0) this.#createPod(job);
    if (ending === undefined || running.length > 0) this.#write(key, { ...job.status, active: running.length, failed });
  }

  #ending({ spec, status }: LiveJob, ended: readonly LivePod[], failed: number): Ending | undefined {
    if (ended.some((pod) => pod.status?.phase === 'Succeeded')) return { type: 'Complete', reason: 'CompletionsReached' };
    if (ended.some((pod) => !isDisrupted(pod) && failsJob.includes(engineEnd(pod)?.exitCode))) return { type: 'Failed', reason: 'PodFailurePolicy' };
    if (failed > ((spec as Spec | undefined)?.backoffLimit ?? 0)) return { type: 'Failed', reason: 'BackoffLimitExceeded' };
    return this.#isLate(spec, status) ? { type: 'Failed', reason: 'DeadlineExceeded' } : undefined;
  }

  #isLate(spec: Job['spec'], status: Job['status']): boolean {
    const ran = this.#world.scheduler.now().getTime() - Date.parse(status?.startTime ?? '');
    return ran > (spec?.activeDeadlineSeconds ?? 0) * 1000;
  }

  #end(key: string, job: LiveJob, { type, reason }: Ending, failed: number): void {
    const ended = { type, status: 'True', reason, message: `${reason}.`, lastTransitionTime: timeOf(this.#world) };
    this.#write(key, { ...job.status, active: 0, failed, conditions: [ended] });
  }

  #expire(key: string, { metadata, spec, status }: LiveJob): void {
    const ttl = spec?.ttlSecondsAfterFinished;
    const ended = ['Complete', 'Failed'].map((type) => condition(status?.conditions, type)).find((candidate) => candidate !== undefined);
    if (ttl === undefined || ended === undefined) return;
    const left = Date.parse(ended.lastTransitionTime ?? '') + ttl * 1000 - this.#world.scheduler.now().getTime();
    this.#world.scheduler.after(left, () => {
      if (this.#world.server.get(jobType, key)?.metadata.uid === metadata.uid) this.#world.server.delete(jobType, key, {}, by);
    });
  }

  #createPod({ metadata, spec }: LiveJob): void {
    const { template } = spec as Spec;
    const name = `${metadata.name}-${(this.#pods++).toString(36)}`;
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: metadata.name, uid: metadata.uid, controller: true };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name, namespace: metadata.namespace, ownerReferences: [owner] }, spec: template.spec, status: { phase: 'Pending' } };
    this.#world.server.create(podType, pod as KubeObject, by);
  }

  #kill(pod: LivePod): void {
    if (pod.metadata.deletionTimestamp === undefined) this.#world.server.delete(podType, keyOf(pod), {}, by);
  }

  #write(key: string, status: NonNullable<Job['status']>): void {
    this.#world.server.update<LiveJob>(jobType, key, (job) => ({ ...job, status }), by);
  }

  #endedPods(uid: string): Map<string, LivePod> {
    const ended = this.#ended.get(uid) ?? new Map<string, LivePod>();
    this.#ended.set(uid, ended);
    return ended;
  }
}

function suspended(status: 'True' | 'False', reason: string): KubeCondition {
  return { type: 'Suspended', status, reason };
}

export function hasEnded({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

function isOwned({ metadata }: LivePod, job: LiveJob): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid) === true;
}

function isDisrupted({ status }: Pod): boolean {
  return isTrue(status?.conditions, 'DisruptionTarget');
}

function countsAsFailed(pod: LivePod): boolean {
  return pod.status?.phase !== 'Succeeded' && !isDisrupted(pod);
}
