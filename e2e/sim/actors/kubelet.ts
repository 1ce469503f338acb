/** The scheduler and the kubelet: pods get a node, start, answer or crash, and end when they are told to. */
import type { Commit } from '../api-server/storage.ts';
import { typeId } from '../../../src/runtime/keys.ts';
import { claimType, podType } from '../../../src/shell/resources.ts';
import type { LivePod } from '../../../src/shell/stores.ts';
import type { Engine } from './engine.ts';
import { hasEnded } from './job-controller.ts';
import type { ModelServer } from './model-server.ts';
import { timeOf, type World } from './world.ts';

const by = { manager: 'kubelet' };
export const gpuNode = 'gpu-0';

type Status = NonNullable<LivePod['status']>;

interface PodVolume {
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

export class Kubelet {
  readonly #world: World;
  readonly #engine: Engine;
  readonly #models: ModelServer;
  #addresses = 0;

  constructor(world: World, engine: Engine, models: ModelServer) {
    this.#world = world;
    this.#engine = engine;
    this.#models = models;
    world.server.storage.onCommit((commit) => { this.#hear(commit); });
  }

  #hear({ type, key, before, after }: Commit): void {
    if (typeId(type) !== typeId(podType) || after === undefined) return;
    const pod = after as LivePod;
    if (before === undefined) this.#later(key, pod, [300, 3000], () => { this.#bind(key, pod); });
    if (before?.metadata.deletionTimestamp === undefined && pod.metadata.deletionTimestamp !== undefined) this.#later(key, pod, [200, 15_000], () => { this.#kill(key, pod); });
  }

  /** An engine pod waits for its claim, and for whatever keeps its image away. */
  #bind(key: string, pod: LivePod): void {
    const obstacle = this.#engine.obstacle(pod);
    if (this.#lacksClaim(pod)) {
      this.#later(key, pod, [500, 1500], () => { this.#bind(key, pod); });
      return;
    }
    this.#world.server.update<LivePod>(podType, key, (live) => ({ ...live, spec: { ...live.spec, nodeName: gpuNode } }), by);
    if (obstacle === undefined) this.#start(key, pod);
    else this.#holdBack(key, pod, obstacle);
  }

  #holdBack(key: string, pod: LivePod, obstacle: { readonly reason: string; readonly ms: number }): void {
    const waiting = { reason: obstacle.reason, message: 'scripted' };
    this.#write(key, { phase: 'Pending', containerStatuses: [{ name: 'engine', state: { waiting } }] });
    this.#later(key, pod, [obstacle.ms, obstacle.ms], () => { this.#start(key, pod); });
  }

  #start(key: string, pod: LivePod): void {
    const name = pod.spec?.containers?.[0]?.name ?? '';
    const podIP = `10.0.0.${this.#addresses++}`;
    this.#write(key, { phase: 'Running', podIP, startTime: timeOf(this.#world), containerStatuses: [{ name, state: { running: {} } }] });
    if (this.#models.serves(pod)) this.#models.run(key, pod);
    else this.#engine.run(key, podIP, pod);
  }

  #kill(key: string, pod: LivePod): void {
    const live = (this.#world.server.get(podType, key) as LivePod | undefined);
    if (live === undefined) return;
    if (!hasEnded(live)) this.#engine.end(key, { exitCode: 143 });
    this.#later(key, pod, [50, 1000], () => { this.#world.server.removePod(key, by); });
  }

  #lacksClaim({ metadata: { namespace = '' }, spec }: LivePod): boolean {
    const volumes = (spec as { readonly volumes?: readonly PodVolume[] } | undefined)?.volumes ?? [];
    return volumes.some(({ persistentVolumeClaim: claim }) => claim !== undefined && this.#world.server.get(claimType, `${namespace}/${claim.claimName}`) === undefined);
  }

  #write(key: string, status: Status): void {
    this.#world.server.update<LivePod>(podType, key, (pod) => ({ ...pod, status: { ...pod.status, ...status } }), by);
  }

  /** Only to this very pod, if it is still there. */
  #later(key: string, { metadata }: LivePod, [leastMs, mostMs]: readonly [number, number], run: () => void): void {
    const { scheduler, random, server } = this.#world;
    scheduler.after(random.between(leastMs, mostMs), () => { if (server.get(podType, key)?.metadata.uid === metadata.uid) run(); });
  }
}
