/** A Job of higher priority takes the GPUs in the middle of the run: no try is lost, and the layers that are done stay done. */
import { expect } from 'vitest';

import { atLayer, enginePods, firstLayer } from '../../lib/engine.ts';
import { condition } from '../../lib/prunejob.ts';
import { hurry, namespace } from '../lib/place.ts';
import { OtherTeam } from '../lib/queue.ts';
import type { Row } from '../lib/row.ts';
import { Scene } from '../lib/scene.ts';

const takenBack = /^The queue took Job preempted-prune-1 back\. Preempted to accommodate a workload .* The run goes on from its checkpoint/;

export const preempted: Row = {
  title: 'a run that is preempted goes on behind its last finished layer',
  play: async () => {
    await using around = new AsyncDisposableStack();
    const scene = around.use(await Scene.begin('preempted'));
    await atLayer(scene.name, namespace, 3);
    const other = around.use(await OtherTeam.comes('comes-first', hurry));
    const waiting = await scene.waitsBecause('WaitingForQuota', /insufficient unused quota/);
    expect(condition(waiting, 'Pruned')).toMatchObject({ status: 'Unknown', reason: 'Preempted', message: expect.stringMatching(takenBack) as string });
    await other.leaves();
    await scene.completes(['prune-1'], 2);
    // The pod that was taken away is gone with its log.
    const last = (await enginePods(scene.name, namespace)).at(-1);
    expect(await firstLayer(last, namespace), 'the first layer after the preemption').toBeGreaterThanOrEqual(3);
  },
};
