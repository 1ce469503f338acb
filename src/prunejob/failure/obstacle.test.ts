import { describe, expect, it } from 'vitest';

import { child, now, secondsBefore, waitingPod } from '../testing/builders.ts';
import { obstacleOf } from './obstacle.ts';

it('a pod that cannot start is told of before one that is missing', () => {
  const job = { metadata: { name: 'tiny-prune-1', namespace: 'ml', creationTimestamp: secondsBefore(60) } };
  expect(obstacleOf(child('prune', { job, pods: [waitingPod('ErrImagePull', 'no such image')] }), now)?.reason).toBe('ImagePullFailed');
});

describe('a Job without a pod', () => {
  const created = { name: 'tiny-prune-1', namespace: 'ml', creationTimestamp: secondsBefore(60) };

  it.each([
    { name: 'after 15 s', job: { metadata: { ...created, creationTimestamp: secondsBefore(15) } } },
    { name: '15 s after a queue let it go', job: { metadata: created, status: { startTime: secondsBefore(15) } } },
  ])('tells that none could be created: $name', ({ job }) => {
    const obstacle = obstacleOf(child('prune', { job }), now);
    expect(obstacle).toEqual({ reason: 'PodNotCreated', hopeless: false, message: expect.stringMatching(/Job tiny-prune-1.*quota or Pod Security: `kubectl -n ml describe job tiny-prune-1`/) as string });
  });

  it.each([
    { name: 'in its first 15 s', job: { metadata: { ...created, creationTimestamp: secondsBefore(14) } } },
    { name: 'just let go by its queue', job: { metadata: created, status: { startTime: secondsBefore(14) } } },
    { name: 'let go by its queue, which its controller has not seen', job: { metadata: created, status: { conditions: [{ type: 'Suspended', status: 'True' }] } } },
    { name: 'in its queue', job: { metadata: created, spec: { suspend: true } } },
    { name: 'whose pod is not seen yet', job: { metadata: created, status: { active: 1 } } },
    { name: 'between two pods', job: { metadata: created, status: { failed: 1 } } },
  ])('waits on $name', ({ job }) => {
    expect(obstacleOf(child('prune', { job }), now)).toBeUndefined();
  });
});
