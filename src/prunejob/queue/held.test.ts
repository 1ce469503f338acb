import { describe, expect, it } from 'vitest';

import type { Workload } from './kueue.ts';
import { job, now, queuedChild, secondsBefore, workload } from '../testing/builders.ts';
import { heldBecause, holds, takenBackBecause } from './held.ts';

const { job: held } = queuedChild();
const waiting = 'Job tiny-prune-1 waits for LocalQueue ml/gpu to admit it.';

function refused(message: string): Workload {
  return workload({ conditions: [{ type: 'QuotaReserved', status: 'False', reason: 'Pending', message }] });
}

/** As Kueue 0.19 writes them: pkg/controller/core/workload_controller.go, pkg/scheduler and its flavorassigner, pkg/workload/resources.go. */
const said = [
  { row: 'LocalQueue missing', text: 'LocalQueue gpu is terminating or missing', reason: 'QueueNotFound' },
  { row: 'LocalQueue missing', text: "LocalQueue gpu doesn't exist", reason: 'QueueNotFound' },
  { row: 'ClusterQueue missing', text: 'ClusterQueue h100 is terminating or missing', reason: 'QueueNotFound' },
  { row: 'ClusterQueue missing', text: 'ClusterQueue h100 not found', reason: 'QueueNotFound' },
  { row: 'queue stopped', text: 'LocalQueue gpu is stopped', reason: 'QueueStopped' },
  { row: 'queue stopped', text: 'LocalQueue gpu is inactive', reason: 'QueueStopped' },
  { row: 'queue stopped', text: 'ClusterQueue h100 is inactive', reason: 'QueueStopped' },
  { row: 'no free quota', text: "couldn't assign flavors to pod set main: insufficient unused quota for nvidia.com/gpu in flavor h100, 1 more needed", reason: 'WaitingForQuota' },
  { row: 'more than the queue has', text: "couldn't assign flavors to pod set main: insufficient quota for nvidia.com/gpu in flavor h100, previously considered podsets requests (0) + current podset request (1) > maximum capacity (0)", reason: 'QueueUnsuited' },
  { row: 'resource without quota', text: "couldn't assign flavors to pod set main: resource memory unavailable in ClusterQueue", reason: 'QueueUnsuited' },
  { row: 'no fitting flavor', text: "couldn't assign flavors to pod set main: flavor a100 doesn't match node affinity", reason: 'QueueUnsuited' },
  { row: 'no fitting flavor', text: "couldn't assign flavors to pod set main: untolerated taint {spot true NoSchedule <nil>} in flavor spot", reason: 'QueueUnsuited' },
  { row: 'namespace not taken', text: "workload namespace doesn't match ClusterQueue selector", reason: 'QueueUnsuited' },
];

describe('what a queue says of a Job that it holds', () => {
  it.each(said)('$text', ({ row, text, reason }) => {
    const remedy = holds.find(({ name }) => name === row)?.remedy ?? '';
    expect(heldBecause(held, refused(text), now)).toEqual({ reason, message: `${waiting} ${text}. ${remedy}` });
  });

  it('every row has a sentence', () => {
    expect(holds.map(({ name }) => name)).toEqual([...new Set(said.map(({ row }) => row))]);
  });

  it('what fits one flavor but for its quota waits for it, whatever the others lack', () => {
    const text = "flavor a100 doesn't match node affinity, insufficient unused quota for nvidia.com/gpu in flavor h100, 1 more needed";
    expect(heldBecause(held, refused(text), now).reason).toBe('WaitingForQuota');
  });

  it.each([
    { name: 'of another release', state: refused('Waiting for a reason of its own.'), says: `${waiting} Waiting for a reason of its own.` },
    { name: 'that is new', state: workload(undefined), says: waiting },
    { name: 'that is being evicted', state: workload({ conditions: [{ type: 'QuotaReserved', status: 'True', message: 'Quota reserved' }, { type: 'Evicted', status: 'True', message: 'Preempted' }] }), says: waiting },
    { name: 'that may not be read', state: 'NotRead' as const, says: waiting },
    { name: 'with quota', state: workload({ conditions: [{ type: 'QuotaReserved', status: 'True' }], admissionChecks: [{ name: 'nodes', state: 'Pending', message: 'Waiting for 2 nodes' }, { name: 'budget', state: 'Ready' }] }), says: 'Job tiny-prune-1 has its quota and waits for admission; nodes: Waiting for 2 nodes.' },
    { name: 'with quota, of which no more is known', state: workload({ conditions: [{ type: 'QuotaReserved', status: 'True' }] }), says: 'Job tiny-prune-1 has its quota and waits for admission.' },
  ])('passes on what it knows of a Workload $name', ({ state, says }) => {
    expect(heldBecause(held, state, now)).toEqual({ reason: 'WaitingForAdmission', message: says });
  });

  it('names the way to go on for a Workload that is deactivated', () => {
    const why = [{ type: 'Evicted', status: 'True', reason: 'Deactivated', message: 'The workload is deactivated' }];
    const { reason, message } = heldBecause(held, workload({ conditions: why }, { active: false }), now);
    expect(reason).toBe('Deactivated');
    expect(message).toBe("Workload job-tiny-prune-1-1a2b3 of Job tiny-prune-1 is deactivated. The workload is deactivated. It goes on after: kubectl -n ml patch workload job-tiny-prune-1-1a2b3 --type=merge -p '{\"spec\":{\"active\":true}}'");
  });
});

describe('where nobody looks at the Job', () => {
  const aged = (seconds: number) => ({ ...held, metadata: { ...held.metadata, creationTimestamp: secondsBefore(seconds) } });

  it('says that there is no Kueue', () => {
    expect(heldBecause(held, 'NoKueue', now)).toMatchObject({ reason: 'KueueNotFound', message: expect.stringMatching(/no Kueue, or one older than 0\.15\. Install it/) as string });
  });

  it.each([
    { seconds: 15, hint: false },
    { seconds: 16, hint: true },
  ])('says after a while that Kueue has not taken it up: $seconds s', ({ seconds, hint }) => {
    expect(heldBecause(aged(seconds), 'None', now).message.includes('batch/job')).toBe(hint);
  });

  it('asks who suspended a Job without a queue', () => {
    expect(heldBecause(job('tiny-inspect-1', { spec: { suspend: true } }), undefined, now)).toEqual({
      reason: 'WaitingForAdmission',
      message: 'Job tiny-inspect-1 is suspended and names no queue. If Kueue manages Jobs without one here, give namespace ml a LocalQueue named default.',
    });
  });
});

it.each([undefined, 'NoKueue', 'None', workload(undefined), workload({ conditions: [{ type: 'Evicted', status: 'False', message: 'Previously: preempted' }] })] as const)('no reason to take a Job back is no sentence', (state) => {
  expect(takenBackBecause(state)).toBeUndefined();
});
