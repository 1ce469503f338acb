/** The serving pods: each comes up with its model after a while, or does not, and then completes a prompt, or does not, as scripted for that model. */
import { isTrue } from '../../../src/prunejob/kube.ts';
import { serviceLabel } from '../../../src/prunejob/serving/kserve-types.ts';
import { podType } from '../../../src/shell/resources.ts';
import type { LivePod } from '../../../src/shell/stores.ts';
import { denseUri } from '../../../src/prunejob/testing/builders.ts';
import type { Scenario } from '../scenario.ts';
import type { World } from './world.ts';

const by = { manager: 'kubelet' };
export const sourceUri = 'internal.serving.kserve.io/storage-initializer-sourceuri';

export class ModelServer {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  serves({ metadata }: LivePod): boolean {
    return metadata.labels?.[serviceLabel] !== undefined;
  }

  run(key: string, pod: LivePod): void {
    const { scheduler, random, server } = this.#world;
    const behaviour = this.#behaviour(pod);
    if (behaviour === 'Hangs') return;
    scheduler.after(random.between(1000, 12_000), () => {
      const status = behaviour === 'Crashes' ? crashing : ready;
      server.update<LivePod>(podType, key, (live) => (live.metadata.uid === pod.metadata.uid && live.status?.phase === 'Running' ? { ...live, status: { ...live.status, ...status } } : live), by);
    });
  }

  /** Throws why the pod at this address does not complete a prompt. */
  complete(url: string): void {
    const { server, random, scenario } = this.#world;
    const pod = (server.list(podType) as readonly LivePod[]).find(({ status }) => status?.podIP === new URL(url).hostname);
    if (pod === undefined || !isTrue(pod.status?.conditions, 'Ready') || random.chance(0.03)) throw new Error('could not be asked: ECONNREFUSED');
    if (scenario.wantsKey) throw new Error('answers 401: it wants an API key, or another proof of who asks');
    if (this.#behaviour(pod) === 'Mute') throw new Error('answers a completion with 500');
  }

  #behaviour(pod: LivePod): Scenario['prunedModel'] {
    return behaviourOf(this.#world.scenario, pod);
  }
}

/** The dense model always comes. */
export function behaviourOf({ prunedModel }: Scenario, { metadata }: LivePod): Scenario['prunedModel'] {
  return metadata.annotations?.[sourceUri] === denseUri ? 'Comes' : prunedModel;
}

const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
const crashing = { containerStatuses: [{ name: 'kserve-container', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }] };
