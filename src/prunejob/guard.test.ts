import { describe, expect, it } from 'vitest';

import { decide } from './decide.ts';
import type { Observed } from './observed.ts';
import { child, now, observed, pruneJob, runningPod, withoutServing } from './testing/builders.ts';

const fresh = (overrides: Parameters<typeof pruneJob>[0] = {}) => {
  const made = { ...pruneJob(overrides), spec: withoutServing(overrides.spec) };
  return { ...made, metadata: { ...made.metadata, finalizers: [] } };
};

describe('a run without the finalizer', () => {
  it.each<{ name: string; before: Partial<Observed>; actions: string[] }>([
    { name: 'gets it with its first Job, before that', before: { pruneJob: fresh() }, actions: ['AddFinalizer', 'CreateJob'] },
    { name: 'gets it back while a Job is there', before: { pruneJob: fresh(), childJobs: [child('prune', { pods: [runningPod()] })] }, actions: ['AddFinalizer'] },
    { name: 'needs none while it only waits', before: { pruneJob: fresh(), serviceAccount: 'Missing' }, actions: [] },
    { name: 'needs none to be suspended from the first', before: { pruneJob: fresh({ spec: { suspend: true } }) }, actions: [] },
    { name: 'cannot get it while it is deleted', before: { pruneJob: { ...fresh(), metadata: { ...fresh().metadata, deletionTimestamp: now.toISOString() } } }, actions: [] },
  ])('$name', ({ before, actions }) => {
    expect(decide(observed({ service: 'NotAsked', ...before }), now).actions.map(({ kind }) => kind)).toEqual(actions);
  });
});
