import { describe, expect, it } from 'vitest';

import type { PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import type { ChildJob } from '../observed.ts';
import type { Workload } from '../queue/kueue.ts';
import { child, endedPod, failedJob, queuedChild, runningPod, secondsBefore, spec, waitingPod, workload } from '../testing/builders.ts';
import { condition, decided, planned } from '../testing/decided.ts';

const error = (reason: string) => JSON.stringify({ kind: 'Error', reason, message: `The engine says ${reason}.` });
const preempted = { ...runningPod(), status: { ...runningPod().status, conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: 'default-scheduler: preempting' }] } };
const unscheduled = { metadata: { name: 'p' }, status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available: 1 Insufficient nvidia.com/gpu.' }] } };

function evicted(status: string): Workload {
  return workload({ conditions: [
    { type: 'QuotaReserved', status: 'False', message: "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor h100, 1 more needed" },
    { type: 'Evicted', status, reason: 'Preempted', message: 'Preempted to accommodate a workload (UID: u)' },
  ] });
}

function after(reason: string, phase: 'Queued' | 'Pruning' = 'Pruning'): PruneJobStatus {
  return { ...planned, phase, conditions: [...(planned.conditions ?? []), { type: 'Pruned', status: 'Unknown', reason, message: 'As before.', lastTransitionTime: secondsBefore(60) }] };
}

describe('between two tries', () => {
  it.each([
    { name: 'a pod that failed', status: after('Running'), pods: [endedPod({ exitCode: 137, reason: 'OOMKilled' })], phase: 'Pruning', reason: 'OutOfMemory', message: /OOMKilled.*memory request and limit/ },
    { name: 'one that was taken away', status: after('Running'), pods: [preempted], phase: 'Pruning', reason: 'Preempted', message: /higher priority: default-scheduler: preempting\. It starts again/ },
    { name: 'one that never started', status: planned, pods: [{ metadata: { name: 'p' }, status: { phase: 'Failed', reason: 'UnexpectedAdmissionError', message: 'Allocate failed: nvidia.com/gpu' } }], phase: 'Pruning', reason: 'GPUUnavailable', message: /device plugin/ },
  ])('$name is named, with a warning', ({ status, pods, phase, reason, message }) => {
    const decision = decided({ status, childJobs: [child('prune', { pods })] });
    expect(decision.status.phase).toBe(phase);
    expect(condition(decision, 'Pruned')).toMatchObject({ status: 'Unknown', reason, message: expect.stringMatching(message) as string });
    expect(decision.events).toMatchObject([{ type: 'Warning', reason, action: 'Prune' }]);
    expect(decision.requeueAfterMs).toBe(10_000);
  });

  it.each([
    { name: 'while no pod is there', pods: [] },
    { name: 'while the next one is made', pods: [endedPod({ exitCode: 3 }), waitingPod('ContainerCreating', '')] },
  ])('what was said stays $name', ({ pods }) => {
    const decision = decided({ status: after('Preempted'), childJobs: [child('prune', { pods })] });
    expect(decision).toMatchObject({ status: { phase: 'Pruning' }, events: [] });
    expect(condition(decision, 'Pruned')).toMatchObject({ reason: 'Preempted', message: 'As before.' });
  });

  it('a pod that no node takes is queued again', () => {
    const decision = decided({ status: after('Preempted'), childJobs: [child('prune', { pods: [unscheduled] })] });
    expect(decision.status.phase).toBe('Queued');
    expect(condition(decision, 'Queued')).toMatchObject({ status: 'True', message: expect.stringContaining('when a GPU is free') as string });
  });

  it('the next pod that runs ends it', () => {
    const decision = decided({ status: after('Preempted', 'Queued'), childJobs: [child('prune', { pods: [endedPod({ exitCode: 3 }), runningPod()] })] });
    expect(decision.status.phase).toBe('Pruning');
    expect(condition(decision, 'Pruned')?.reason).toBe('Running');
  });

  it('a failure that no try mends is left to the Job to end', () => {
    const decision = decided({ status: after('Running'), childJobs: [child('prune', { pods: [endedPod({ exitCode: 2, message: error('ModelNotFound') })] })] });
    expect(condition(decision, 'Pruned')?.reason).toBe('Running');
  });

  it.each([
    { name: 'for another', workload: evicted('True'), says: 'The queue took Job tiny-prune-1 back. Preempted to accommodate a workload (UID: u). The run goes on from its checkpoint when the Job is admitted again.' },
    { name: 'for a reason of long ago', workload: evicted('False'), says: 'The queue took Job tiny-prune-1 back. It does not say why. The run goes on from its checkpoint when the Job is admitted again.' },
  ])('a Job that its queue took back says so: $name', ({ workload, says }) => {
    const decision = decided({ status: after('Running'), childJobs: [queuedChild({ pods: [runningPod()] })], workload });
    expect(decision).toMatchObject({ status: { phase: 'Queued' }, actions: [], requeueAfterMs: 30_000 });
    expect(condition(decision, 'Pruned')).toMatchObject({ status: 'Unknown', reason: 'Preempted', message: says });
    expect(condition(decision, 'Queued')).toMatchObject({ status: 'True', reason: 'WaitingForQuota' });
  });

  it('the inspecting pod is told of in the same way', () => {
    const decision = decided({ childJobs: [child('inspect', { pods: [endedPod({ exitCode: 3, message: error('StorageUnavailable') })] })] });
    expect(condition(decision, 'Planned')).toMatchObject({ status: 'Unknown', reason: 'StorageUnavailable', message: 'The engine says StorageUnavailable.' });
  });
});

describe('a GPU that failed', () => {
  const broken = (attempt: number, node: string): ChildJob => {
    const failed = failedJob('prune', 'PodFailurePolicy', { exitCode: 6, message: error('GPUFailed') });
    return { ...failed, attempt, pods: failed.pods.map((pod) => ({ ...pod, spec: { nodeName: node } })) };
  };
  const jobs = (count: number) => Array.from({ length: count }, (_, index) => broken(index + 1, `gpu-${index}`));
  const run = (count: number) => decided({ status: { ...planned, attempt: count }, spec: { runner: { ...spec().runner, backoffLimit: 2 } }, childJobs: jobs(count) });

  it('is followed by another Job that prefers other nodes', () => {
    const decision = run(2);
    expect(decision.actions).toMatchObject([{ kind: 'CreateJob', manifest: { metadata: { name: 'tiny-prune-3' } } }]);
    const preferred = JSON.stringify(decision.actions).match(/"NotIn","values":\["[^"]*"\]/g);
    expect(preferred).toEqual(['"NotIn","values":["gpu-0"]', '"NotIn","values":["gpu-1"]']);
    expect(decision.status).toMatchObject({ phase: 'Queued', attempt: 3 });
    expect(condition(decision, 'Pruned')).toMatchObject({ status: 'Unknown', reason: 'GPUFailed', message: 'The engine says GPUFailed. Another Job tries again and prefers other nodes than gpu-0, gpu-1.' });
  });

  it('ends the run once backoffLimit is used up', () => {
    const decision = run(3);
    expect(decision.actions).toEqual([]);
    expect(condition(decision, 'Failed')).toMatchObject({ status: 'True', reason: 'GPUFailed' });
  });

  it('waits for another PruneJob of the same run as every Job does', () => {
    const decision = decided({ status: planned, childJobs: jobs(1), sameRun: { namespace: 'ml', name: 'older' } });
    expect(decision.actions).toEqual([]);
    expect(condition(decision, 'Queued')?.reason).toBe('SameRunInProgress');
  });

  it('is nothing to a Job that ended for another reason', () => {
    const late = { ...broken(1, 'gpu-0'), job: failedJob('prune', 'DeadlineExceeded', { exitCode: 6 }).job };
    expect(condition(decided({ status: planned, childJobs: [late] }), 'Failed')?.reason).toBe('DeadlineExceeded');
  });
});
