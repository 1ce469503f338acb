/** How long nobody works after the leader of two replicas was killed: from the kill to the first Job of an object created after it. */
import type { Contender } from './contenders/contender.ts';
import { takeoverSeconds } from './limits.ts';
import { create } from './load.ts';
import { onControlPlane, warmReplica } from './measurement.ts';
import { Replica } from './replica.ts';

export interface Takeover {
  readonly contender: string;
  /** Undefined where nobody took over in time. */
  readonly seconds: number | undefined;
}

export function measureTakeover(contender: Contender): Promise<Takeover> {
  return onControlPlane(contender, async (turn) => {
    const { plane, watcher } = turn;
    // The first one has finished an object, so it leads; the second one can only wait.
    const leader = await warmReplica(turn);
    const standby = await Replica.start(contender, plane, 1);
    try {
      await create(plane.server, contender.collection, contender.object('before'));
      await watcher.until(['before'], 'terminal', takeoverSeconds);
      const began = performance.now();
      await leader?.kill();
      await create(plane.server, contender.collection, contender.object('after'));
      await watcher.until(['after'], 'job', takeoverSeconds);
      const { job } = watcher.of('after');
      return { contender: contender.name, seconds: job === undefined ? undefined : (job - began) / 1000 };
    } finally {
      await leader?.stop();
      await standby?.stop();
    }
  });
}
