import { describe, expect, it } from 'vitest';

import { noSuchGPU, queuedBecause } from './not-started.ts';
import { runOf } from '../run.ts';
import { child, now, observed, runningPod } from '../testing/builders.ts';

describe('why a Job has not started', () => {
  const unschedulable = { metadata: { name: 'p' }, status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes: Insufficient nvidia.com/gpu' }] } };

  const run = runOf(observed(), now);

  it.each([
    { name: 'its queue holds it', job: child('prune', { job: { spec: { suspend: true } } }), says: /suspended/ },
    { name: 'no node has a GPU', job: child('prune', { pods: [unschedulable] }), says: /Insufficient/ },
    { name: 'its pod is being made', job: child('prune'), says: /waits for its pod/ },
  ])('$name', ({ job, says }) => {
    expect(queuedBecause(run, job)?.message).toMatch(says);
  });

  it('is not said of nodes that the operator may not read', () => {
    expect(noSuchGPU(runOf(observed({ nodes: 'NotRead' }), now))).toBeUndefined();
    expect(noSuchGPU(runOf(observed({ nodes: [] }), now))).toContain('no node offers nvidia.com/gpu');
  });

  it('is nothing once the engine runs', () => {
    expect(queuedBecause(run, child('prune', { pods: [runningPod()] }))).toBeUndefined();
  });
});
