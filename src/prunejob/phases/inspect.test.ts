import { describe, expect, it } from 'vitest';

import { child, facts, failedJob, secondsBefore, spec, succeeded, waitingPod } from '../testing/builders.ts';
import { condition, decided } from '../testing/decided.ts';
import type { PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import type { Observed } from '../observed.ts';

describe('inspect', () => {
  const missingSecret: Observed['childJobs'] = [child('inspect', { pods: [waitingPod('CreateContainerConfigError', 'secret "absent" not found')] })];
  const waiting = (reason: string, seconds: number): PruneJobStatus => ({
    waiting: { reason, since: secondsBefore(seconds) },
    conditions: [{ type: 'Planned', status: 'False', reason, message: '', lastTransitionTime: secondsBefore(seconds) }],
  });

  it('starts no pod with more privileges than the policy allows', () => {
    const runner = { ...spec().runner, podTemplate: { spec: { hostNetwork: true } } };
    const decision = decided({ spec: { runner } });
    expect(condition(decision, 'Planned')).toMatchObject({ status: 'False', reason: 'PodTemplateNotAllowed' });
    expect(condition(decision, 'Failed')).toMatchObject({ reason: 'PodTemplateNotAllowed' });
    expect(decision.actions).toEqual([]);
  });

  it('waits for a Secret, from when it was first missed', () => {
    const decision = decided({ childJobs: missingSecret, status: waiting('SecretNotFound', 599) });
    expect(condition(decision, 'Planned')).toMatchObject({ status: 'False', reason: 'SecretNotFound' });
    expect(decision.requeueAfterMs).toBe(1000);
  });

  it('then fails, and takes the pod away', () => {
    const decision = decided({ childJobs: missingSecret, status: waiting('SecretNotFound', 601) });
    expect(decision.status.waiting).toBeUndefined();
    expect(condition(decision, 'Failed')).toMatchObject({ reason: 'SecretNotFound', message: expect.stringContaining('absent') as string });
    expect(decision.actions).toEqual([{ kind: 'DeleteJob', name: 'tiny-inspect-1', uid: 'uid-tiny-inspect-1' }]);
  });

  it.each([
    { name: 'an image', status: waiting('ImagePullFailed', 601) },
    { name: 'nothing', status: {} },
  ])('waits its whole time for a Secret after a wait for $name', ({ status }) => {
    expect(decided({ childJobs: missingSecret, status }).status.waiting).toEqual({ reason: 'SecretNotFound', since: secondsBefore(0) });
  });

  it('forgets a wait that is over', () => {
    expect(decided({ childJobs: [child('inspect')], status: waiting('SecretNotFound', 9) }).status.waiting).toBeUndefined();
  });

  it('tells of a pod that no admission lets in', () => {
    const job = { metadata: { name: 'tiny-inspect-1', namespace: 'ml', creationTimestamp: secondsBefore(60) } };
    expect(condition(decided({ childJobs: [child('inspect', { job })] }), 'Planned')).toMatchObject({ status: 'False', reason: 'PodNotCreated', message: expect.stringContaining('describe job tiny-inspect-1') as string });
  });

  it('says what holds its Job where every Job needs a queue', () => {
    const decision = decided({ childJobs: [child('inspect', { job: { spec: { suspend: true } } })] });
    expect(decision).toMatchObject({ status: { phase: 'Inspecting' }, requeueAfterMs: 10_000 });
    expect(condition(decision, 'Planned')).toMatchObject({ status: 'Unknown', reason: 'WaitingForAdmission', message: expect.stringContaining('a LocalQueue named default') as string });
  });

  it('that no node took until its deadline says what it waited for', () => {
    const pod = { metadata: { name: 'p' }, status: { conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available.' }] } };
    const { status } = decided({ childJobs: [child('inspect', { pods: [pod] })] });
    const late = { ...failedJob('inspect', 'DeadlineExceeded', { exitCode: 143 }), pods: [] };
    expect(condition(decided({ status, childJobs: [late] }), 'Failed')).toMatchObject({ reason: 'DeadlineExceeded', message: expect.stringMatching(/never started.*0\/1 nodes are available/) as string });
  });

  it('reads again when the pod is gone with its message', () => {
    const lost = { ...succeeded('inspect', facts()), pods: [] };
    expect(decided({ childJobs: [lost] }).actions).toMatchObject([{ kind: 'CreateJob', manifest: { metadata: { name: 'tiny-inspect-2' } } }]);
  });

  it('does not ask an engine twice that says nothing', () => {
    expect(condition(decided({ childJobs: [succeeded('inspect', { kind: 'Other' })] }), 'Failed')?.reason).toBe('Internal');
  });

  it('ends with the engine\'s own reason', () => {
    const message = JSON.stringify({ kind: 'Error', reason: 'ModelNotFound', message: 's3://x/ does not exist.' });
    const decision = decided({ childJobs: [failedJob('inspect', 'PodFailurePolicy', { exitCode: 2, message })] });
    expect(condition(decision, 'Failed')).toMatchObject({ reason: 'ModelNotFound', message: 's3://x/ does not exist.' });
    expect(condition(decision, 'Planned')).toMatchObject({ status: 'False', reason: 'ModelNotFound' });
  });
});
