/** The serving pods: each comes up with its model after a while, or does not, as scripted for that model. */
import { serviceLabel } from '../../../src/prunejob/serving/kserve-types.ts';
import { podType } from '../../../src/shell/resources.ts';
import type { LivePod } from '../../../src/shell/stores.ts';
import { denseUri } from '../../../src/prunejob/testing/builders.ts';
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
    const { scheduler, random, server, scenario } = this.#world;
    const behaviour = pod.metadata.annotations?.[sourceUri] === denseUri ? 'Comes' : scenario.prunedModel;
    if (behaviour === 'Hangs') return;
    scheduler.after(random.between(1000, 12_000), () => {
      const status = behaviour === 'Comes' ? ready : crashing;
      server.update<LivePod>(podType, key, (live) => (live.metadata.uid === pod.metadata.uid && live.status?.phase === 'Running' ? { ...live, status: { ...live.status, ...status } } : live), by);
    });
  }
}

const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
const crashing = { containerStatuses: [{ name: 'kserve-container', state: { waiting: { reason: 'CrashLoopBackOff' } } }] };
