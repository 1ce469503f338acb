import { describe, expect, it } from 'vitest';

import { waitingPod } from '../testing/builders.ts';
import { recordedRefusals, recordedWaits } from '../testing/recorded-waits.ts';
import { refusals, unscheduledBecause } from './unscheduled.ts';
import { waitingBecause, waits } from './waiting.ts';

describe('a container that waits', () => {
  it.each(recordedWaits)('$reason, $said: $row', ({ row, means, reason, said }) => {
    const obstacle = waitingBecause(waitingPod(reason, said));
    expect(obstacle).toMatchObject({ row, reason: means, hopeless: row === 'image name invalid' });
    expect(obstacle?.message).toContain(said);
  });

  it('there is a recorded message for every row', () => {
    expect(new Set(recordedWaits.map(({ row }) => row))).toEqual(new Set(waits.map(({ name }) => name)));
  });

  it.each(['ContainerCreating', 'PodInitializing'])('%s is no obstacle', (reason) => {
    expect(waitingBecause(waitingPod(reason, ''))).toBeUndefined();
  });

  it('may be one of a user\'s own init containers', () => {
    const init = { metadata: { name: 'p' }, status: { initContainerStatuses: [{ name: 'fetch', state: { waiting: { reason: 'ErrImagePull' } } }] } };
    expect(waitingBecause(init)?.message).toBe('Pod p cannot pull its image: ErrImagePull. Correct the image or its pull secret.');
  });
});

describe('a pod that no node takes', () => {
  const refused = (message: string) => ({ metadata: { name: 'p' }, status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] } });

  it.each(recordedRefusals)('$said', ({ rows, said }) => {
    const remedies = refusals.filter(({ name }) => rows.includes(name)).map(({ remedy }) => remedy);
    expect(remedies).toHaveLength(rows.length);
    expect(unscheduledBecause([refused(said)])).toBe(`No node takes the pod yet: ${said.replace(/[.\s]*$/, '')}. ${remedies.join(' ')}`);
  });

  it('there is a recorded message for every row', () => {
    expect(new Set(recordedRefusals.flatMap(({ rows }) => rows))).toEqual(new Set(refusals.map(({ name }) => name)));
  });

  it('may be held back by a gate', () => {
    const gated = { metadata: { name: 'p' }, status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' }] } };
    expect(unscheduledBecause([gated])).toMatch(/scheduling gates/);
  });

  it('is not one that has a node', () => {
    expect(unscheduledBecause([{ metadata: { name: 'p' }, status: { conditions: [{ type: 'PodScheduled', status: 'True' }] } }])).toBeUndefined();
  });
});
