import { describe, expect, it } from 'vitest';

import { queuedBecause } from './not-started.ts';
import { child, runningPod } from './testing/builders.ts';

describe('why a Job has not started', () => {
  const unschedulable = { metadata: { name: 'p' }, status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes: Insufficient nvidia.com/gpu' }] } };

  it.each([
    { name: 'its queue holds it', job: child('prune', { job: { spec: { suspend: true } } }), says: /queue/ },
    { name: 'no node has a GPU', job: child('prune', { pods: [unschedulable] }), says: /Insufficient/ },
    { name: 'its pod is being made', job: child('prune'), says: /waits for its pod/ },
  ])('$name', ({ job, says }) => {
    expect(queuedBecause(job)).toMatch(says);
  });

  it('is nothing once the engine runs', () => {
    expect(queuedBecause(child('prune', { pods: [runningPod()] }))).toBeUndefined();
  });
});
