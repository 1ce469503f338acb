import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import { child, failedJob, queuedChild, result, runKey, runningPod, secondsBefore, spec, succeeded, waitingPod, workload } from '../testing/builders.ts';
import { condition, decided, planned } from '../testing/decided.ts';
import type { PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';

const told = { type: 'Pruned', status: 'Unknown', reason: 'Running', message: 'The engine prunes the model.', lastTransitionTime: secondsBefore(60) } as const;

describe('prune', () => {
  it.each([
    { name: 'waits for a GPU', pods: [], phase: 'Queued', queued: 'True' },
    { name: 'runs', pods: [runningPod()], phase: 'Pruning', queued: 'False' },
  ])('$name', ({ pods, phase, queued }) => {
    const decision = decided({ status: planned, childJobs: [child('prune', { pods })] });
    expect(decision.status.phase).toBe(phase);
    expect(condition(decision, 'Queued')?.status).toBe(queued);
  });

  it.each([
    { name: 'a pod that has just started', pods: [runningPod('p', secondsBefore(1))], status: planned, phase: undefined, again: 1000 },
    { name: 'a pod that runs for a while', pods: [runningPod('p', secondsBefore(2))], status: planned, phase: 'Pruning', again: 10_000 },
    { name: 'a pod of a node whose clock is ahead', pods: [runningPod('p', secondsBefore(-60))], status: planned, phase: 'Pruning', again: 10_000 },
    { name: 'the next pod of a Job that was told of', pods: [runningPod('p', secondsBefore(1))], status: { ...planned, conditions: [...(planned.conditions ?? []), told] }, phase: 'Pruning', again: 10_000 },
  ])('tells of $name only when it may last', ({ pods, status, phase, again }) => {
    const decision = decided({ status, childJobs: [child('prune', { pods })] });
    expect(decision.status.phase).toBe(phase);
    expect(decision.requeueAfterMs).toBe(again);
  });

  it.each([
    { name: 'has no pod yet', runner: {}, job: child('prune') },
    { name: 'no queue has looked at yet', runner: { queueName: 'gpu' }, job: queuedChild({ job: { metadata: { ...queuedChild().job.metadata, creationTimestamp: secondsBefore(1) } } }) },
  ])('says the same of a Job that it makes and of one that $name', ({ runner, job }) => {
    const given = { spec: { runner: { ...spec().runner, ...runner } }, workload: 'None' } as const;
    const made = decided({ ...given, status: planned });
    const waits = decided({ ...given, status: made.status, childJobs: [job] });
    expect(waits.status).toEqual(made.status);
    expect(waits.requeueAfterMs).toBe(10_000);
  });

  it('tells why its queue holds it, and looks again, because no event tells', () => {
    const decision = decided({ status: planned, childJobs: [queuedChild()], workload: workload({ conditions: [{ type: 'QuotaReserved', status: 'False', message: 'LocalQueue gpu is stopped' }] }) });
    expect(decision).toMatchObject({ actions: [], status: { phase: 'Queued' }, requeueAfterMs: 30_000 });
    expect(condition(decision, 'Queued')).toMatchObject({ status: 'True', reason: 'QueueStopped', message: expect.stringContaining('LocalQueue gpu is stopped.') as string });
  });

  it('looks at no pod of a Job that its queue holds', () => {
    const decision = decided({ status: planned, childJobs: [queuedChild({ pods: [waitingPod('InvalidImageName', 'invalid')] })], workload: 'None' });
    expect(condition(decision, 'Failed')).toBeUndefined();
    expect(condition(decision, 'Queued')).toMatchObject({ status: 'True', reason: 'WaitingForAdmission' });
  });

  it.each([
    { whose: 'its own', namespace: 'ml', says: /^PruneJob ml\/older works/ },
    { whose: 'another', namespace: 'research', says: /^Another PruneJob in namespace research works/ },
  ])('names one of the same run in $whose namespace by what may be known', ({ namespace, says }) => {
    const decision = decided({ status: planned, sameRun: { namespace, name: 'older' } });
    expect(condition(decision, 'Queued')).toMatchObject({ reason: 'SameRunInProgress', message: expect.stringMatching(says) as string });
  });

  describe('without a pod', () => {
    const job = { metadata: { name: 'tiny-prune-1', namespace: 'ml', uid: 'u', creationTimestamp: secondsBefore(60) } };
    const waiting = (seconds: number): PruneJobStatus => ({ ...planned, waiting: { reason: 'PodNotCreated', since: secondsBefore(seconds) } });

    it('looks again, because no event tells', () => {
      const decision = decided({ status: planned, childJobs: [child('prune', { job: { metadata: { ...job.metadata, creationTimestamp: secondsBefore(1) } } })] });
      expect(decision).toMatchObject({ status: { phase: 'Queued' }, requeueAfterMs: 10_000 });
    });

    it.each([
      { name: 'waits serving.waitFor', status: waiting(599), type: 'Queued' },
      { name: 'then fails', status: waiting(601), type: 'Failed' },
    ])('$name', ({ status, type }) => {
      expect(condition(decided({ status, childJobs: [child('prune', { job })] }), type)).toMatchObject({ status: 'True', reason: 'PodNotCreated', message: expect.stringContaining('describe job tiny-prune-1') as string });
    });
  });

  describe('that no node takes', () => {
    const unschedulable = { metadata: { name: 'p' }, status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available.' }] } };
    const node = { name: 'gpu-0', allocatableGPUs: 8, ready: true, schedulable: true };
    const runner = { ...spec().runner, gpuProducts: ['NVIDIA-H200'] };

    it.each([
      { name: 'another product', nodes: [{ ...node, product: 'NVIDIA-A100' }], says: /runner\.gpuProducts \(NVIDIA-H200\); the nodes have NVIDIA-A100\. Name one.*0\/1 nodes/ },
      { name: 'no label', nodes: [node], says: /lack the label nvidia\.com\/gpu\.product/ },
      { name: 'no GPU', nodes: [], says: /no node offers nvidia\.com\/gpu/ },
      { name: 'the product, but none free', nodes: [{ ...node, product: 'NVIDIA-H200' }], says: /^No node takes the pod yet: 0\/1 nodes/ },
    ])('says what the nodes have: $name', ({ nodes, says }) => {
      const decision = decided({ status: planned, spec: { runner }, nodes, childJobs: [child('prune', { pods: [unschedulable] })] });
      expect(condition(decision, 'Queued')).toMatchObject({ status: 'True', reason: 'WaitingForPod', message: expect.stringMatching(says) as string });
    });
  });

  describe('past its deadline', () => {
    const queuedFor = (reason: string): PruneJobStatus => ({ ...planned, conditions: [...(planned.conditions ?? []), { type: 'Queued', status: 'True', reason, message: 'No node takes the pod yet.', lastTransitionTime: secondsBefore(60) }] });
    const late = failedJob('prune', 'DeadlineExceeded', { exitCode: 143 });

    it.each([
      { name: 'never started', status: queuedFor('WaitingForPod'), pods: [], says: /never started within the 21600 s.*No node takes the pod yet\./ },
      { name: 'started unseen', status: queuedFor('WaitingForPod'), pods: late.pods, says: /ran longer than/ },
      { name: 'ran', status: queuedFor('Running'), pods: [], says: /ran longer than/ },
    ])('says whether its pod $name', ({ status, pods, says }) => {
      expect(condition(decided({ status, childJobs: [{ ...late, pods }] }), 'Failed')).toMatchObject({ reason: 'DeadlineExceeded', message: expect.stringMatching(says) as string });
    });
  });

  it('stays in its phase between two pods of one Job', () => {
    const running = { ...planned, conditions: [...(planned.conditions ?? []), { type: 'Pruned', status: 'Unknown' as const, reason: 'Running', message: '', lastTransitionTime: secondsBefore(60) }] };
    expect(decided({ status: running, childJobs: [child('prune')] }).status.phase).toBe('Pruning');
  });

  it.each([
    { name: 'while its pod runs', pods: [runningPod()] },
    { name: 'while its pod waits for a GPU', pods: [] },
    { name: 'while its pod waits for an image', pods: [waitingPod('ImagePullBackOff', 'Back-off')] },
  ])('takes over a deadline that was changed $name', ({ pods }) => {
    const decision = decided({ status: planned, spec: { runner: { ...spec().runner, activeDeadline: '8h' } }, childJobs: [child('prune', { pods })] });
    expect(decision.actions).toEqual([{ kind: 'UpdateJob', name: 'tiny-prune-1', uid: 'uid-tiny-prune-1', spec: { activeDeadlineSeconds: 28_800 } }]);
  });

  it('waits until the last pod of a deleted Job is gone', () => {
    const ending = child('prune', { job: { metadata: { name: 'tiny-prune-1', uid: 'u', deletionTimestamp: secondsBefore(1) } }, pods: [runningPod()] });
    expect(decided({ status: planned, childJobs: [ending] }).actions).toEqual([]);
  });

  it('asks again when the pod is gone with its result', () => {
    expect(decided({ status: planned, childJobs: [{ ...succeeded('prune', result()), pods: [] }] }).actions).toMatchObject([{ kind: 'CreateJob', manifest: { metadata: { name: 'tiny-prune-2' } } }]);
  });

  it('removes nothing when it fails for another reason than the gate', () => {
    const decision = decided({ status: planned, childJobs: [failedJob('prune', 'BackoffLimitExceeded', { exitCode: 3 })] });
    expect(condition(decision, 'Failed')?.reason).toBe('StorageUnavailable');
    expect(decision.actions).toEqual([]);
  });
});

describe('progress', () => {
  const progress = { runKey, stage: 'Experts', layer: 1, layers: 4, percent: 37.5, estimatedRemainingSeconds: 12, updatedAt: null };
  const running = { status: planned, childJobs: [child('prune', { pods: [runningPod()] })] };
  const before = (seconds: number, percent = 30): PruneJobStatus => ({ ...planned, progress: { stage: 'Experts', layer: 1, layers: 4, percent, updatedAt: secondsBefore(seconds) } });

  it('reaches the status, without what the engine does not know', () => {
    const decision = decided({ ...running, progress: { ...progress, estimatedRemainingSeconds: null } });
    expect(decision.status.progress).toEqual({ stage: 'Experts', layer: 1, layers: 4, percent: 37, updatedAt: secondsBefore(0) });
    expect(decision.requeueAfterMs).toBe(10_000);
  });

  it.each([
    { name: 'at most every ten seconds', status: before(9), percent: 30 },
    { name: 'once ten seconds are over', status: before(10), percent: 37 },
    { name: 'only when something moved', status: before(60, 37), percent: 37 },
    { name: 'also when a retried pod goes on from further back', status: before(60, 80), percent: 37 },
    { name: 'also when a resumed pod begins in the middle', status: planned, percent: 37 },
  ])('is written $name', ({ status, percent }) => {
    expect(decided({ ...running, status, progress }).status.progress).toMatchObject({ percent, ...(percent === 30 ? { updatedAt: status.progress?.updatedAt } : {}) });
  });

  it('tells the run\'s key where nothing was inspected', () => {
    const unknown = compact({ ...planned, runKey: undefined });
    expect(decided({ ...running, status: unknown, progress }).status.runKey).toBe(runKey);
  });
});
