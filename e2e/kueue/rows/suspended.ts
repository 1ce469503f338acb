/** The run is suspended by its owner while it waits, and while it works: the quota is free again, and the queue is not fought. */
import { expect } from 'vitest';

import { patience } from '../../lib/patience.ts';
import { waitFor } from '../../lib/wait.ts';
import { commandsOf } from '../lib/page.ts';
import { expectGivenBack, gpusTaken, OtherTeam } from '../lib/queue.ts';
import type { Row } from '../lib/row.ts';
import { Scene } from '../lib/scene.ts';

const [suspend, resume] = commandsOf('Suspend by hand', 'suspended');

export const suspended: Row = {
  title: 'a suspended run gives its place and its quota back, and takes its turn when it is resumed',
  play: async () => {
    await using around = new AsyncDisposableStack();
    const other = around.use(await OtherTeam.comes('is-first'));
    const scene = around.use(await Scene.begin('suspended'));
    await scene.waitsBecause('WaitingForQuota', /Job suspended-prune-1/);
    await suspend?.();
    await expectGivenBack(scene.name);
    await resume?.();
    await scene.waitsBecause('WaitingForQuota', /Job suspended-prune-2/);
    await other.leaves();
    await scene.prunes();
    expect(await gpusTaken()).toBe(1);
    await suspend?.();
    await expectGivenBack(scene.name);
    await waitFor('the quota to be free', patience, async () => (await gpusTaken()) === 0);
    await resume?.();
    await scene.completes(['prune-1', 'prune-2', 'prune-3'], 2);
  },
};
