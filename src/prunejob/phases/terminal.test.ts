import { describe, expect, it } from 'vitest';

import { child, endedPod, result, secondsBefore, succeeded } from '../testing/builders.ts';
import { decided } from '../testing/decided.ts';
import type { PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';

describe('terminal', () => {
  const over: PruneJobStatus = { conditions: [{ type: 'Failed', status: 'True', reason: 'Internal', message: '', lastTransitionTime: secondsBefore(9) }] };

  it('lets go of the finalizer', () => {
    expect(decided({ status: over }).actions).toEqual([{ kind: 'RemoveFinalizer' }]);
  });

  it('gives the finished Jobs their time to live', () => {
    const jobs = [succeeded('prune', result()), child('inspect', { pods: [endedPod({ exitCode: 0 })] })];
    expect(decided({ status: over, spec: { ttlSecondsAfterFinished: 60 }, childJobs: jobs }).actions).toContainEqual({
      kind: 'UpdateJob', name: 'tiny-prune-1', uid: 'uid-tiny-prune-1', spec: { ttlSecondsAfterFinished: 60 },
    });
  });
});
