/** What must hold whatever a queue does with the Job of a run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { isHeld } from '../queue/kueue.ts';
import { afterPauses, holds, isOver, unfinished } from '../testing/lives.ts';
import { queue, queuedLive, queuedLives } from '../testing/queued-lives.ts';

const seed = 1;
const patient = fc.array(fc.constantFrom(...Object.keys(queue), 'prune started', 'a minute passes', 'an hour passes'), { maxLength: 20 }).map((rest) => ['inspected', ...rest]);
const toTheEnd = ['the queue admits', 'prune started', 'pruned', 'pods come up', 'a minute passes', 'a minute passes', 'a minute passes'];

describe('a run whose Job has a queue', { timeout: 600_000 }, () => {
  it('hands every Job to the queue, and never writes what is the queue\'s', () => {
    fc.assert(fc.property(queuedLives, (names) => { queuedLive(names); }), { numRuns: 300, seed });
  });

  it('comes to rest', () => {
    fc.assert(fc.property(queuedLives, (names) => {
      expect(afterPauses(queuedLive(names), [0, 121, 121])).toMatchObject({ actions: [], events: [] });
    }), { numRuns: 200, seed });
  });

  it('waits for the queue however long it takes, says so, and has no pod meanwhile', () => {
    fc.assert(fc.property(patient, (names) => {
      const world = queuedLive(names);
      expect(isOver(world)).toBe(false);
      const [child] = unfinished(world, 'prune');
      if (child === undefined || !isHeld(child.job)) return;
      expect([world.phase, holds(world, 'Queued'), child.pods]).toEqual(['Queued', true, []]);
    }), { numRuns: 300, seed });
  });

  it('completes with its first Job once it is admitted for good, however often it was taken back', () => {
    fc.assert(fc.property(patient, (names) => {
      const world = queuedLive([...names, ...toTheEnd]);
      const jobs = world.observed.childJobs.filter(({ stage }) => stage === 'prune').map(({ job }) => job.metadata.name);
      expect([world.phase, holds(world, 'Complete'), holds(world, 'Queued'), jobs]).toEqual(['Complete', true, false, ['tiny-prune-1']]);
    }), { numRuns: 300, seed });
  });

  it('is told of as taken back, and then as pruning again', () => {
    const admitted = ['inspected', 'the queue admits', 'prune started', 'a minute passes'];
    const back = queuedLive([...admitted, 'the queue preempts']);
    expect(back.condition('Pruned')).toMatchObject({ status: 'Unknown', reason: 'Preempted' });
    expect(back.condition('Queued')).toMatchObject({ status: 'True', reason: 'WaitingForQuota' });
    const again = queuedLive(['the queue admits', 'prune started', 'a minute passes'], back);
    expect([again.phase, again.condition('Pruned')?.reason, again.condition('Queued')?.status]).toEqual(['Pruning', 'Running', 'False']);
  });

  it('is stopped by its own suspend, whatever the queue did, and goes to the queue again', () => {
    const world = queuedLive(['inspected', 'the queue admits', 'prune started', 'suspended', 'deleted pods end']);
    expect([world.phase, unfinished(world)]).toEqual(['Suspended', []]);
    queuedLive(['resumed'], world);
    expect(unfinished(world, 'prune').map(({ job }) => [job.metadata.name, isHeld(job)])).toEqual([['tiny-prune-2', true]]);
  });
});
