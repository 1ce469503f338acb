import { describe, expect, it } from 'vitest';

import { decide } from './decide.ts';
import { engineJob } from './engine/job.ts';
import { decideRefused } from './refused.ts';
import { now, observed, pruneJob, spec } from './testing/builders.ts';
import { condition, planned } from './testing/decided.ts';

describe('what the API server refuses', () => {
  it.each([
    { stage: 'inspect', type: 'Planned', status: {} },
    { stage: 'prune', type: 'Pruned', status: planned },
    { stage: 'clean', type: undefined, status: planned },
  ] as const)('ends the run: a Job to $stage', ({ stage, type, status }) => {
    const seen = observed({ pruneJob: pruneJob({ status }) });
    const manifest = engineJob({ ...seen, stage, attempt: 1, serviceAccount: { name: 'pruner', secretNames: [] } });
    const decision = decideRefused(seen, { manifest, message: 'Job.batch "x" is invalid: spec.template: Required value' }, now);
    const message = `The API server refuses Job tiny-${stage}-1: Job.batch "x" is invalid: spec.template: Required value. Correct runner.podTemplate in a new PruneJob.`;
    expect(decision).toMatchObject({ actions: [], status: { phase: 'Failed' }, events: [{ type: 'Warning', reason: 'PodTemplateInvalid', note: message }] });
    expect(condition(decision, 'Failed')).toMatchObject({ status: 'True', reason: 'PodTemplateInvalid', message });
    if (type !== undefined) expect(condition(decision, type)).toMatchObject({ status: 'False', reason: 'PodTemplateInvalid' });
    const next = decide({ ...seen, pruneJob: { ...seen.pruneJob, status: decision.status } }, now);
    expect(next.actions).toEqual([{ kind: 'RemoveFinalizer' }]);
  });

  it('ends the run too when it is the claim', () => {
    const seen = observed({ pruneJob: pruneJob({ status: planned, spec: { runner: { ...spec().runner, scratch: { size: '2Ti', storageClassName: 'fast' } } } }) });
    const create = decide(seen, now).actions.find((action) => action.kind === 'CreateClaim');
    const decision = decideRefused(seen, { manifest: create!.manifest, message: 'spec.resources: Forbidden.' }, now);
    const message = 'The API server refuses PersistentVolumeClaim tiny-scratch: spec.resources: Forbidden. Correct runner.scratch in a new PruneJob.';
    expect(condition(decision, 'Failed')).toMatchObject({ status: 'True', reason: 'ScratchInvalid', message });
    expect(condition(decision, 'Pruned')).toMatchObject({ status: 'False', reason: 'ScratchInvalid' });
  });
});
