import { describe, expect, it } from 'vitest';

import { isFinished, jobState, obstacleOf, queuedBecause } from './failure.ts';
import { child, endedPod, failedJob, now, runningPod, secondsBefore, succeeded, waitingPod } from './testing/builders.ts';

const error = (reason: string): string => JSON.stringify({ kind: 'Error', reason, message: `The engine says ${reason}.` });

describe('a Job', () => {
  it('is active until a condition says otherwise', () => {
    expect(jobState(child('prune'), now)).toBe('Active');
    expect(jobState(child('prune', { job: { status: { conditions: [{ type: 'FailureTarget', status: 'True' }] } } }), now)).toBe('Active');
  });

  it('succeeds', () => {
    expect(jobState(succeeded('prune', {}), now)).toBe('Succeeded');
    expect(isFinished(succeeded('prune', {}).job)).toBe(true);
  });

  it.each([
    { name: 'just now', seconds: 29, state: 'Active' },
    { name: 'long ago', seconds: 31, state: 'Succeeded' },
  ])('that ended $name while its pod is seen running: $state', ({ seconds, state }) => {
    const conditions = [{ type: 'Complete', status: 'True', lastTransitionTime: secondsBefore(seconds) }];
    expect(jobState(child('prune', { job: { status: { conditions } }, pods: [endedPod({ exitCode: 3 }), runningPod()] }), now)).toBe(state);
  });

  it.each([
    { name: 'the engine named its reason', jobReason: 'PodFailurePolicy', end: { exitCode: 2, message: error('ModelNotFound') }, reason: 'ModelNotFound', says: /The engine says ModelNotFound\./ },
    { name: 'the gate refused', jobReason: 'PodFailurePolicy', end: { exitCode: 4, message: error('DroppedLoadExceeded') }, reason: 'DroppedLoadExceeded', says: /says/ },
    { name: 'exit 2 without a message', jobReason: 'PodFailurePolicy', end: { exitCode: 2, message: 'boom' }, reason: 'RecipeInvalid', says: /exit code 2: boom/ },
    { name: 'exit 5 without a message', jobReason: 'PodFailurePolicy', end: { exitCode: 5 }, reason: 'OutOfGPUMemory', says: /exit code 5/ },
    { name: 'a reason this release does not know', jobReason: 'PodFailurePolicy', end: { exitCode: 4, message: error('Unheard') }, reason: 'QualityRefused', says: /Unheard/ },
    { name: 'too many tries', jobReason: 'BackoffLimitExceeded', end: { exitCode: 3, message: error('StorageUnavailable') }, reason: 'BackoffLimitExceeded', says: /failed 1 times.*StorageUnavailable/ },
    { name: 'killed for memory each time', jobReason: 'BackoffLimitExceeded', end: { exitCode: 137, reason: 'OOMKilled' }, reason: 'BackoffLimitExceeded', says: /OOMKilled.*runner\.podTemplate/ },
    { name: 'too slow', jobReason: 'DeadlineExceeded', end: { exitCode: 143 }, reason: 'DeadlineExceeded', says: /21600 s.*activeDeadline/ },
  ])('fails: $name', ({ jobReason, end, reason, says }) => {
    expect(jobState(failedJob('prune', jobReason, end), now)).toEqual({ reason, message: expect.stringMatching(says) as string });
  });

  it('fails with the newest pod\'s reason', () => {
    const pods = [endedPod({ exitCode: 3, message: error('Interrupted'), finishedAt: '2026-01-01T11:00:00Z' }), endedPod({ exitCode: 2, message: error('ModelCorrupt'), finishedAt: '2026-01-01T10:00:00Z' })];
    const job = { ...failedJob('prune', 'BackoffLimitExceeded', { exitCode: 3 }), pods };
    expect(jobState(job, now)).toMatchObject({ message: expect.stringContaining('Interrupted') as string });
  });

  it('fails without a pod to ask', () => {
    expect(jobState({ ...failedJob('prune', 'BackoffLimitExceeded', { exitCode: 1 }), pods: [] }, now)).toMatchObject({ reason: 'Internal' });
  });
});

describe('what keeps a pod from starting', () => {
  it.each([
    { waiting: 'CreateContainerConfigError', message: 'secret "absent" not found', reason: 'SecretNotFound', says: /absent/ },
    { waiting: 'ImagePullBackOff', message: 'Back-off pulling image "x"', reason: 'ImagePullFailed', says: /image/ },
    { waiting: 'ErrImageNeverPull', message: 'not present', reason: 'ImagePullFailed', says: /not present/ },
  ])('$waiting is $reason', ({ waiting, message, reason, says }) => {
    const obstacle = obstacleOf(child('inspect', { pods: [waitingPod(waiting, message)] }), now);
    expect(obstacle).toEqual({ reason, message: expect.stringMatching(says) as string });
  });

  it.each(['ContainerCreating', 'PodInitializing'])('%s is no obstacle', (reason) => {
    expect(obstacleOf(child('inspect', { pods: [waitingPod(reason, '')] }), now)).toBeUndefined();
  });
});

describe('a Job without a pod', () => {
  const created = { name: 'tiny-prune-1', namespace: 'ml', creationTimestamp: secondsBefore(60) };

  it.each([
    { name: 'after 15 s', job: { metadata: { ...created, creationTimestamp: secondsBefore(15) } } },
    { name: '15 s after a queue let it go', job: { metadata: created, status: { startTime: secondsBefore(15) } } },
  ])('tells that none could be created: $name', ({ job }) => {
    const obstacle = obstacleOf(child('prune', { job }), now);
    expect(obstacle).toEqual({ reason: 'PodNotCreated', message: expect.stringMatching(/Job tiny-prune-1.*quota or Pod Security: `kubectl -n ml describe job tiny-prune-1`/) as string });
  });

  it.each([
    { name: 'in its first 15 s', job: { metadata: { ...created, creationTimestamp: secondsBefore(14) } } },
    { name: 'just let go by its queue', job: { metadata: created, status: { startTime: secondsBefore(14) } } },
    { name: 'in its queue', job: { metadata: created, spec: { suspend: true } } },
    { name: 'whose pod is not seen yet', job: { metadata: created, status: { active: 1 } } },
    { name: 'between two pods', job: { metadata: created, status: { failed: 1 } } },
  ])('waits on $name', ({ job }) => {
    expect(obstacleOf(child('prune', { job }), now)).toBeUndefined();
  });
});

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
