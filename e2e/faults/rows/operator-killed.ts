/** The operator ended without a warning at each stage of a run, by the container runtime or as a process, and the lease taken from it. */
import { expect } from 'vitest';

import { waitFor } from '../../lib/wait.ts';
import { killContainer } from '../../lib/containers.ts';
import { draw } from '../lib/draw.ts';
import type { Fault } from '../lib/fault.ts';
import { killLeader, leader, leaseHolder, OutsidePod, stealLease, untilRestarted } from '../../lib/operator.ts';
import { patience } from '../../lib/patience.ts';
import { holds, type Scene } from '../lib/scene.ts';

type Stage = Pick<Fault, 'name' | 'served' | 'overlay' | 'end' | 'jobs' | 'published'> & { readonly until: (scene: Scene) => Promise<void> };

const refused = { quality: { perplexity: { maxIncrease: 0.01 } } };
/** Less than a pod takes to start. */
const tooLate = { serving: { timeout: '3s' } };

const stages: readonly Stage[] = [
  { name: 'inspecting', served: true, until: (scene) => scene.reachesPhase('Inspecting'), end: 'Finished' },
  { name: 'planned', served: true, until: (scene) => scene.reaches('its plan', holds('Planned')), end: 'Finished' },
  { name: 'pruning', until: (scene) => scene.reachesPhase('Pruning'), end: 'Finished' },
  { name: 'published', served: true, until: (scene) => scene.reaches('its publication', holds('Published')), end: 'Finished' },
  { name: 'rolling-out', served: true, until: (scene) => scene.reaches('its rollout', ({ status }) => status?.serving?.rollout?.writtenAt !== undefined), end: 'Finished' },
  { name: 'soaking', served: true, until: (scene) => scene.reachesPhase('Verifying'), end: 'Finished' },
  { name: 'rolling-back', served: true, overlay: tooLate, until: (scene) => scene.reachesPhase('RollingBack'), end: 'RolledBack', published: true },
  { name: 'cleaning', served: true, overlay: refused, until: (scene) => scene.startsJob('clean'), end: 'QualityRefused', jobs: ['inspect-1', 'prune-1', 'clean-1'] },
];

const atEachStage = stages.map(({ until, name, ...stage }): Fault => ({
  ...stage,
  title: `the operator killed -9 while ${name.replace('-', ' ')}`,
  name: `killed-${name}`,
  cause: async (scene) => {
    await until(scene);
    await killLeader();
  },
}));

/** At most so many changes between two kills; a run has about a hundred. */
const longestLife = 15;

const atRandom = [1, 2, 3].map((seed): Fault => ({
  title: `the operator killed -9 again and again, seed ${seed}`,
  name: `killed-at-random-${seed}`,
  served: true,
  replicas: 0,
  cause: async (scene) => {
    await using operator = await OutsidePod.prepare();
    await operator.start('--no-leader-election');
    let kills = 0;
    while (await livesOn(scene, Math.ceil(draw(seed, kills) * longestLife))) {
      await operator.kill();
      await operator.start('--no-leader-election');
      kills += 1;
    }
    expect(kills, 'kills').toBeGreaterThan(3);
  },
  end: 'Finished',
}));

/** Until so many more changes have happened; false once there is nothing left to disturb. */
async function livesOn(scene: Scene, changes: number): Promise<boolean> {
  const { history } = scene;
  const moment = history.changes.length + changes;
  await history.until(`${changes} more changes`, patience, () => scene.released || history.changes.length >= moment);
  return !scene.released;
}

const ofTwo: readonly Fault[] = [
  {
    title: 'the leader of two replicas killed -9',
    name: 'leader-killed',
    replicas: 2,
    cause: async (scene) => {
      await scene.reachesPhase('Pruning');
      const holder = await leaseHolder();
      await killContainer(await leader());
      await waitFor('another leader', patience, async () => (await leaseHolder()) !== holder);
    },
    end: 'Finished',
  },
  {
    title: 'the lease stolen from the leader of two replicas',
    name: 'lease-stolen',
    served: true,
    replicas: 2,
    cause: async (scene) => {
      await scene.reachesPhase('Pruning');
      const robbed = await leader();
      await stealLease('thief');
      expect(await untilRestarted(robbed), 'the exit status of who lost the lease').toBe(1);
      await leader();
    },
    end: 'Finished',
  },
];

export const operatorKilled: readonly Fault[] = [...atEachStage, ...atRandom, ...ofTwo];
