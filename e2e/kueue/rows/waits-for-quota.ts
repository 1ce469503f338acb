/** Another team has all GPUs: the run waits, says why, and starts by itself when they are given back. */
import { expect } from 'vitest';

import { commandsOf } from '../lib/page.ts';
import { OtherTeam } from '../lib/queue.ts';
import type { Row } from '../lib/row.ts';
import { Scene } from '../lib/scene.ts';

export const waitsForQuota: Row = {
  title: 'a run waits for quota, and starts when there is some',
  play: async () => {
    await using around = new AsyncDisposableStack();
    const other = around.use(await OtherTeam.comes('holds-all'));
    const scene = around.use(await Scene.begin('waits'));
    await scene.waitsBecause('WaitingForQuota', /^Job waits-prune-1 waits for LocalQueue e2e-kueue\/gpu-queue to admit it\..*insufficient unused quota for nvidia\.com\/gpu in flavor h100, 1 more needed\. It starts when/);
    for (const ask of commandsOf('Queue a run', scene.name)) expect(await ask()).toMatch(/insufficient unused quota/);
    expect(scene.history.created('pods', 'waits-')).toEqual([]);
    await other.leaves();
    await scene.prunes();
    await scene.completes(['prune-1'], 1);
  },
};
