import { describe, expect, it } from 'vitest';

import { isFinished, jobState, nodesToAvoid, setbackOf } from './failure.ts';
import type { Pod } from '../kube.ts';
import { child, endedPod, failedJob, now, runningPod, secondsBefore, succeeded, waitingPod } from '../testing/builders.ts';

const error = (reason: string): string => JSON.stringify({ kind: 'Error', reason, message: `The engine says ${reason}.` });

const preempted: Pod = { metadata: { name: 'p', deletionTimestamp: '2026-01-01T11:30:00Z' }, status: { phase: 'Running', conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }] } };

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
    { name: 'the engine named its reason', jobReason: 'PodFailurePolicy', end: { exitCode: 2, message: error('ModelNotFound') }, reason: 'ModelNotFound', retry: 'Never', says: /^The engine says ModelNotFound\.$/ },
    { name: 'too many tries', jobReason: 'BackoffLimitExceeded', end: { exitCode: 3, message: error('StorageUnavailable') }, reason: 'StorageUnavailable', retry: 'Try', says: /^The prune pod failed 1 times; the last time: The engine says StorageUnavailable\./ },
    { name: 'killed for memory each time', jobReason: 'BackoffLimitExceeded', end: { exitCode: 137, reason: 'OOMKilled' }, reason: 'OutOfMemory', retry: 'Try', says: /OOMKilled.*runner\.podTemplate/ },
    { name: 'its GPU', jobReason: 'PodFailurePolicy', end: { exitCode: 6, message: error('GPUFailed') }, reason: 'GPUFailed', retry: 'Elsewhere', says: /GPUFailed/ },
    { name: 'too slow', jobReason: 'DeadlineExceeded', end: { exitCode: 143 }, reason: 'DeadlineExceeded', retry: 'Never', says: /21600 s.*activeDeadline.*Before that: The engine ended with exit code 143/ },
  ])('fails: $name', ({ jobReason, end, reason, retry, says }) => {
    expect(jobState(failedJob('prune', jobReason, end), now)).toMatchObject({ reason, retry, message: expect.stringMatching(says) as string });
  });

  it('fails with the newest pod\'s reason', () => {
    const pods = [endedPod({ exitCode: 3, message: error('Interrupted'), finishedAt: '2026-01-01T11:00:00Z' }), endedPod({ exitCode: 2, message: error('ModelCorrupt'), finishedAt: '2026-01-01T10:00:00Z' })];
    const job = { ...failedJob('prune', 'BackoffLimitExceeded', { exitCode: 3 }), pods };
    expect(jobState(job, now)).toMatchObject({ message: expect.stringContaining('Interrupted') as string });
  });

  it('fails by itself, not by a later pod that was taken away and cost no try', () => {
    const pods = [preempted, endedPod({ exitCode: 2, message: error('ModelCorrupt'), finishedAt: '2026-01-01T10:00:00Z' })];
    expect(jobState({ ...failedJob('prune', 'PodFailurePolicy', { exitCode: 2 }), pods }, now)).toMatchObject({ reason: 'ModelCorrupt' });
  });

  it('fails without a pod to ask', () => {
    expect(jobState({ ...failedJob('prune', 'BackoffLimitExceeded', { exitCode: 1 }), pods: [] }, now)).toMatchObject({ reason: 'Internal', retry: 'Never', message: expect.stringContaining('BackoffLimitExceeded') as string });
  });
});

describe('a setback', () => {
  it.each([
    { name: 'a pod that failed', pods: [endedPod({ exitCode: 3 })], reason: 'StorageUnavailable' },
    { name: 'one that is being taken away', pods: [preempted], reason: 'Preempted' },
    { name: 'the last of several', pods: [endedPod({ exitCode: 3, finishedAt: '2026-01-01T11:00:00Z' }), endedPod({ exitCode: 137, reason: 'OOMKilled', finishedAt: '2026-01-01T12:00:00Z' })], reason: 'OutOfMemory' },
  ])('is $name', ({ pods, reason }) => {
    expect(setbackOf(child('prune', { pods }))?.reason).toBe(reason);
  });

  it.each([
    { name: 'no pod', pods: [] },
    { name: 'a pod that waits', pods: [endedPod({ exitCode: 3 }), waitingPod('ContainerCreating', '')] },
    { name: 'a pod that runs', pods: [preempted, runningPod()] },
    { name: 'a pod that ended well', pods: [endedPod({ exitCode: 3 }), endedPod({ exitCode: 0 })] },
  ])('is over with $name', ({ pods }) => {
    expect(setbackOf(child('prune', { pods }))).toBeUndefined();
  });
});

it('the nodes to avoid are those whose GPUs failed, each once', () => {
  const on = (nodeName: string, exitCode: number) => ({ ...endedPod({ exitCode }), spec: { nodeName } });
  const jobs = [child('prune', { pods: [on('b', 6), on('c', 3)] }), child('prune', { attempt: 2, pods: [on('a', 6), on('b', 6), endedPod({ exitCode: 6 })] })];
  expect(nodesToAvoid(jobs)).toEqual(['a', 'b']);
});
