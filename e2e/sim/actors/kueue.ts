/** Kueue: a Workload for every Job that names a queue, admitted after a while; some lose their quota to others and get it back. */
import { isFinished } from '../../../src/prunejob/failure/failure.ts';
import type { KubeCondition } from '../../../src/prunejob/kube.ts';
import { isHeld, jobUidLabel, queueOf, workloadType, type Workload } from '../../../src/prunejob/queue/kueue.ts';
import { typeId } from '../../../src/runtime/keys.ts';
import { jobType } from '../../../src/shell/resources.ts';
import type { LiveJob } from '../../../src/shell/stores.ts';
import type { Commit } from '../api-server/storage.ts';
import { Reactor } from './reactor.ts';
import type { World } from './world.ts';

const by = { manager: 'kueue' };
const noQuota = "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor h100, 1 more needed";

/** Of the Workload: without quota, with it, and when it was taken away. */
const said = {
  waiting: [{ type: 'QuotaReserved', status: 'False', reason: 'Pending', message: noQuota }],
  admitted: [{ type: 'QuotaReserved', status: 'True', message: 'Quota reserved in ClusterQueue h100' }, { type: 'Admitted', status: 'True', message: 'Admitted by ClusterQueue h100' }],
  preempted: [{ type: 'QuotaReserved', status: 'False', reason: 'Pending', message: noQuota }, { type: 'Evicted', status: 'True', reason: 'Preempted', message: 'Preempted to accommodate a workload of higher priority' }],
} as const satisfies Readonly<Record<string, readonly KubeCondition[]>>;

export class Kueue {
  readonly #world: World;
  readonly #reactor: Reactor;
  /** How often each Job is still to lose its quota, by its uid. */
  readonly #preemptions = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#reactor = new Reactor(world.scheduler, world.random, (key) => { this.#takeUp(key); });
    world.server.storage.onCommit((commit) => { this.#hear(commit); });
  }

  #hear({ type, key, before, after }: Commit): void {
    if (typeId(type) !== typeId(jobType) || before !== undefined || after === undefined) return;
    if (queueOf(after) !== undefined) this.#reactor.poke(key);
  }

  #takeUp(key: string): void {
    const { server, random } = this.#world;
    const job = (server.get(jobType, key) as LiveJob | undefined);
    if (job?.metadata.uid === undefined) return;
    const { uid } = job.metadata;
    server.create(workloadType, workloadOf(job, uid), by);
    this.#preemptions.set(uid, random.pick([0, 0, 1, 2]));
    this.#later(key, uid, [500, 8000], () => { this.#admit(key, uid); });
  }

  #admit(key: string, uid: string): void {
    this.#say(key, uid, said.admitted);
    this.#hold(key, false);
    const left = this.#preemptions.get(uid) ?? 0;
    if (left === 0) return;
    this.#preemptions.set(uid, left - 1);
    this.#later(key, uid, [500, 20_000], () => { this.#preempt(key, uid); });
  }

  #preempt(key: string, uid: string): void {
    this.#say(key, uid, said.preempted);
    this.#hold(key, true);
    this.#later(key, uid, [2000, 30_000], () => { this.#admit(key, uid); });
  }

  #say(key: string, uid: string, conditions: readonly KubeCondition[]): void {
    const [namespace = ''] = key.split('/');
    this.#world.server.update<Workload>(workloadType, `${namespace}/${nameOf(uid)}`, (live) => ({ ...live, status: { conditions } }), by);
  }

  #hold(key: string, suspend: boolean): void {
    this.#world.server.update<LiveJob>(jobType, key, (live) => (isHeld(live) === suspend ? live : { ...live, spec: { ...live.spec, suspend } }), by);
  }

  /** Only of this very Job, while it has not ended. */
  #later(key: string, uid: string, [leastMs, mostMs]: readonly [number, number], run: () => void): void {
    const { scheduler, random, server } = this.#world;
    scheduler.after(random.between(leastMs, mostMs), () => {
      const job = (server.get(jobType, key) as LiveJob | undefined);
      if (job?.metadata.uid === uid && job.metadata.deletionTimestamp === undefined && !isFinished(job)) run();
    });
  }
}

function workloadOf({ metadata: { name, namespace } }: LiveJob, uid: string): Workload {
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true };
  return {
    apiVersion: 'kueue.x-k8s.io/v1beta2', kind: 'Workload',
    metadata: { name: nameOf(uid), labels: { [jobUidLabel]: uid }, ownerReferences: [owner], ...(namespace === undefined ? {} : { namespace }) },
    spec: { active: true },
    status: { conditions: said.waiting },
  };
}

function nameOf(uid: string): string {
  return `job-${uid}`;
}
