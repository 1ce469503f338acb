/** Removes what nobody owns any more, and of a Job that is deleted in the foreground first the pods. */
import { foreground } from '../api-server/server.ts';
import type { Commit } from '../api-server/storage.ts';
import { keyOf } from '../../../src/runtime/keys.ts';
import type { KubeObject, ResourceType } from '../../../src/runtime/types.ts';
import { workloadType } from '../../../src/prunejob/queue/kueue.ts';
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import { claimType, deploymentType, jobType, podType, pruneJobType, replicaSetType } from '../../../src/shell/resources.ts';
import { Reactor } from './reactor.ts';
import type { World } from './world.ts';

const by = { manager: 'garbage-collector' };
const owned = [jobType, podType, claimType, deploymentType, replicaSetType, workloadType];
const owners = [pruneJobType, jobType, deploymentType, replicaSetType, inferenceServiceType];

export class GarbageCollector {
  readonly #world: World;
  readonly #reactor: Reactor;

  constructor(world: World) {
    this.#world = world;
    this.#reactor = new Reactor(world.scheduler, world.random, () => { this.#collect(); });
    world.server.storage.onCommit((commit) => { if (concerns(commit)) this.#reactor.poke('', 50, 1500); });
  }

  #collect(): void {
    const { server } = this.#world;
    const alive = new Set(owners.flatMap((type) => server.list(type).map(({ metadata }) => metadata.uid)));
    for (const type of owned) for (const object of server.list(type)) if (isOrphan(object, alive)) this.#delete(type, object);
    for (const job of server.list(jobType)) if (job.metadata.finalizers?.includes(foreground)) this.#collectJob(job);
  }

  #collectJob(job: KubeObject): void {
    const { server } = this.#world;
    const pods = server.list(podType).filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid));
    for (const pod of pods) this.#delete(podType, pod);
    if (pods.length > 0) return;
    server.update(jobType, keyOf(job), (live) => ({ ...live, metadata: { ...live.metadata, finalizers: live.metadata.finalizers?.filter((name) => name !== foreground) ?? [] } }), by);
  }

  #delete(type: ResourceType, object: KubeObject): void {
    if (object.metadata.deletionTimestamp === undefined) this.#world.server.delete(type, keyOf(object), {}, by);
  }
}

function concerns({ before, after }: Commit): boolean {
  return after === undefined || after.metadata.deletionTimestamp !== undefined || (before === undefined && after.metadata.ownerReferences !== undefined);
}

function isOrphan({ metadata: { ownerReferences = [] } }: KubeObject, alive: ReadonlySet<string | undefined>): boolean {
  return ownerReferences.length > 0 && !ownerReferences.some(({ uid }) => alive.has(uid));
}
