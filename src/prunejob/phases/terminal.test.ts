import { describe, expect, it } from 'vitest';

import { child, endedPod, result, secondsBefore, spec, succeeded } from '../testing/builders.ts';
import { decided } from '../testing/decided.ts';
import type { PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';

describe('terminal', () => {
  const over: PruneJobStatus = { conditions: [{ type: 'Failed', status: 'True', reason: 'Internal', message: '', lastTransitionTime: secondsBefore(9) }] };

  it('lets go of the finalizer', () => {
    expect(decided({ status: over }).actions).toEqual([{ kind: 'RemoveFinalizer' }]);
  });

  const jobs = [succeeded('prune', result()), child('inspect', { pods: [endedPod({ exitCode: 0 })] })];
  const withClaim = { runner: { ...spec().runner, scratch: { size: '2Ti', storageClassName: 'fast' } } };

  it.each([
    { what: 'asked for', asked: { ttlSecondsAfterFinished: 60 }, ttl: 60 },
    { what: 'not asked for, on a claim that their pods would hold', asked: withClaim, ttl: 600 },
    { what: 'asked for, on a claim', asked: { ...withClaim, ttlSecondsAfterFinished: 86_400 }, ttl: 86_400 },
  ])('gives the finished Jobs a time to live that is $what', ({ asked, ttl }) => {
    expect(decided({ status: over, spec: asked, childJobs: jobs }).actions).toContainEqual({
      kind: 'UpdateJob', name: 'tiny-prune-1', uid: 'uid-tiny-prune-1', spec: { ttlSecondsAfterFinished: ttl },
    });
  });

  it('leaves the finished Jobs alone otherwise', () => {
    expect(decided({ status: over, childJobs: jobs }).actions).toEqual([{ kind: 'RemoveFinalizer' }]);
  });
});
