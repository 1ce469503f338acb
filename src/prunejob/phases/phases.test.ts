/** Single decisions that whole lives (decide.test.ts) do not pass through. */
import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import { decide } from '../decide.ts';
import type { Observed } from '../observed.ts';
import { child, endedPod, facts, failedJob, now, observed, pruneJob, result, runKey, runningPod, secondsBefore, service, serving, spec, succeeded, waitingPod } from '../testing/builders.ts';
import { World } from '../testing/world.ts';
import type { PruneJobSpec, PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';

const plan = { gpus: '4→2', gpusBefore: 4, gpusAfter: 2, gpusPeak: 6, bytesBefore: 2, bytesAfter: 1, tensorParallel: 2, ratio: 0.25, expertsBefore: 32, expertsAfter: 24, reason: '' };
const planned: PruneJobStatus = {
  runKey, plan,
  conditions: [{ type: 'Planned', status: 'True', reason: 'Planned', message: '', lastTransitionTime: secondsBefore(60) }],
};
const perplexity = { before: 19.8, after: 21, increase: 0.06, upperBound: 0.07, tokens: 8192, accepted: true };

function decided(overrides: Partial<Observed> & { status?: PruneJobStatus; spec?: Partial<PruneJobSpec> } = {}) {
  const { status, spec: changed, ...rest } = overrides;
  return decide(observed({ pruneJob: pruneJob({ ...(changed === undefined ? {} : { spec: changed }), ...(status === undefined ? {} : { status }) }), ...rest }), now);
}

function condition({ status }: ReturnType<typeof decide>, type: string) {
  return status.conditions?.find((candidate) => candidate.type === type);
}

describe('start', () => {
  it('takes the finalizer before anything else', () => {
    const job = pruneJob();
    const fresh = { ...job, metadata: { ...job.metadata, finalizers: [] } };
    expect(decide(observed({ pruneJob: fresh }), now).actions).toEqual([{ kind: 'AddFinalizer' }]);
  });
});

describe('inspect', () => {
  const missingSecret = (since: string): Observed['childJobs'] => [child('inspect', { pods: [waitingPod('CreateContainerConfigError', 'secret "absent" not found', since)] })];

  it('waits for a Secret, from when its pod began to wait', () => {
    const decision = decided({ childJobs: missingSecret(secondsBefore(599)) });
    expect(condition(decision, 'Planned')).toMatchObject({ status: 'False', reason: 'SecretNotFound' });
    expect(decision.requeueAfterMs).toBe(1000);
  });

  it('then fails, and takes the pod away', () => {
    const decision = decided({ childJobs: missingSecret(secondsBefore(601)) });
    expect(condition(decision, 'Failed')).toMatchObject({ reason: 'SecretNotFound', message: expect.stringContaining('absent') as string });
    expect(decision.actions).toEqual([{ kind: 'DeleteJob', name: 'tiny-inspect-1', uid: 'uid-tiny-inspect-1' }]);
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

describe('plan', () => {
  const inspected = [succeeded('inspect', facts())];
  const gitOwners = [{ manager: 'argocd-controller', fields: ['spec.predictor.model.storageUri'] }];

  it('refuses fields that Git owns, and names the ways out', () => {
    const decision = decided({ childJobs: inspected, service: service({ gitOwners }) });
    expect(condition(decision, 'Failed')).toMatchObject({ reason: 'FieldsOwnedByGit', message: expect.stringMatching(/argocd-controller.*Emit.*git-ignores-fields/) as string });
  });

  it('goes on where Git ignores them', () => {
    expect(condition(decided({ childJobs: inspected, service: service({ gitOwners, gitIgnoresFields: true }) }), 'Planned')?.status).toBe('True');
  });

  it('refuses a service that it cannot move', () => {
    const refusal = { reason: 'UnsupportedService', message: 'It is stopped.' } as const;
    expect(condition(decided({ service: service({ refusal }) }), 'Failed')).toMatchObject(refusal);
  });

  it('refuses to guess the memory of a GPU', () => {
    expect(condition(decided({ childJobs: inspected, nodes: [] }), 'Failed')).toMatchObject({ reason: 'GPUsUnavailable', message: expect.stringContaining('gpuMemory') as string });
  });

  it('does not know the run while only the plan decides its ratio', () => {
    const { pruning } = spec();
    const open = compact({ ...pruning.experts, ratio: undefined });
    const decision = decided({ childJobs: [succeeded('inspect', facts({ existing: result() }))], spec: { pruning: { ...pruning, targetGPUs: 2, experts: open } } });
    expect(decision.status).toMatchObject({ phase: 'Planned', plan: { ratio: 0.25, gpus: '4→2' } });
    expect(decision.status.runKey).toBeUndefined();
    expect(decision.status.result).toBeUndefined();
  });
});

describe('prune', () => {
  it.each([
    { name: 'waits for a GPU', pods: [], phase: 'Queued', queued: 'True' },
    { name: 'runs', pods: [runningPod()], phase: 'Pruning', queued: 'False' },
  ])('$name', ({ pods, phase, queued }) => {
    const decision = decided({ status: planned, childJobs: [child('prune', { pods })] });
    expect(decision.status.phase).toBe(phase);
    expect(condition(decision, 'Queued')?.status).toBe(queued);
  });

  it('stays in its phase between two pods of one Job', () => {
    const running = { ...planned, conditions: [...(planned.conditions ?? []), { type: 'Pruned', status: 'Unknown' as const, reason: 'Running', message: '', lastTransitionTime: secondsBefore(60) }] };
    expect(decided({ status: running, childJobs: [child('prune')] }).status.phase).toBe('Pruning');
  });

  it('takes over a deadline that was changed', () => {
    const decision = decided({ status: planned, spec: { runner: { ...spec().runner, activeDeadline: '8h' } }, childJobs: [child('prune', { pods: [runningPod()] })] });
    expect(decision.actions).toEqual([{ kind: 'UpdateJob', name: 'tiny-prune-1', uid: 'uid-tiny-prune-1', spec: { activeDeadlineSeconds: 28_800 } }]);
  });

  it('waits until the last pod of a deleted Job is gone', () => {
    const ending = child('prune', { job: { metadata: { name: 'tiny-prune-1', uid: 'u', deletionTimestamp: secondsBefore(1) } }, pods: [runningPod()] });
    expect(decided({ status: planned, childJobs: [ending] }).actions).toEqual([]);
  });

  it('asks again when the pod is gone with its result', () => {
    expect(decided({ status: planned, childJobs: [{ ...succeeded('prune', result()), pods: [] }] }).actions).toMatchObject([{ kind: 'CreateJob', manifest: { metadata: { name: 'tiny-prune-2' } } }]);
  });

  it('keeps the checkpoint when it fails for another reason than the gate', () => {
    const decision = decided({ status: planned, childJobs: [failedJob('prune', 'BackoffLimitExceeded', { exitCode: 3 })] });
    expect(condition(decision, 'Failed')?.reason).toBe('BackoffLimitExceeded');
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
  ])('is written $name', ({ status, percent }) => {
    expect(decided({ ...running, status, progress }).status.progress).toMatchObject({ percent, ...(percent === 30 ? { updatedAt: status.progress?.updatedAt } : {}) });
  });

  it('tells the run\'s key where nothing was inspected', () => {
    const unknown = compact({ ...planned, runKey: undefined });
    expect(decided({ ...running, status: unknown, progress }).status.runKey).toBe(runKey);
  });
});

describe('the published result', () => {
  const gate = { perplexity: { uri: 's3://data/heldout.jsonl', samples: 8, maxIncrease: 0.1 } };
  const published = (overrides: Parameters<typeof result>[0], quality?: PruneJobSpec['quality']) =>
    decided({ status: planned, ...(quality === undefined ? {} : { spec: { quality } }), childJobs: [succeeded('prune', result(overrides))] });

  it('is in the status with its quality in one line', () => {
    const decision = published({ quality: { perplexity } }, gate);
    expect(decision.status.result).toMatchObject({ uri: result().uri, qualitySummary: 'ppl 19.8 → 21.0 (+6.1 %)', expertsAfter: 24 });
    expect(['Pruned', 'QualityAccepted', 'Published'].map((type) => condition(decision, type)?.status)).toEqual(['True', 'True', 'True']);
  });

  it.each([
    { name: 'another run', overrides: { runKey: 'ffffffffffffffff' }, says: /but this run is/ },
    { name: 'no digest', overrides: { manifestDigest: 'latest' }, says: /no digest/ },
    { name: 'another place', overrides: { uri: `s3://elsewhere/tiny-moe/${runKey}/` }, says: /not the place/ },
    { name: 'a place of another run', overrides: { uri: 's3://models/pruned/tiny-moe/abc/' }, says: /not the place/ },
    { name: 'more experts than planned', overrides: { expertsAfter: 25 }, says: /25 experts where the plan has 24/ },
  ])('with $name is refused', ({ overrides, says }) => {
    expect(condition(published(overrides), 'Failed')).toMatchObject({ reason: 'ResultMismatch', message: expect.stringMatching(says) as string });
  });

  it.each([
    { name: 'worse than the gate allows', overrides: { reused: true, quality: { perplexity: { ...perplexity, upperBound: 0.11 } } }, reason: 'QualityRefused', says: /11\.0 %.*10\.0 %/ },
    { name: 'never measured', overrides: { reused: true, quality: null }, reason: 'QualityDataInvalid', says: /without measuring/ },
  ])('reused but $name is refused', ({ overrides, reason, says }) => {
    const decision = published(overrides, gate);
    expect(condition(decision, 'Failed')).toMatchObject({ reason, message: expect.stringMatching(says) as string });
    expect(decision.actions).toEqual([]);
  });
});

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

describe('a rollout', () => {
  function rollingOut(): World {
    const world = new World({ pruneJob: pruneJob({ spec: { serving: serving({ timeout: '10s' }) }, status: planned }), childJobs: [succeeded('prune', result())] });
    world.reconcile();
    return world;
  }

  it('saves the fields in one decision and writes them in a later one', () => {
    const world = rollingOut();
    const saved = world.reconcile();
    expect(saved.actions).toEqual([]);
    expect(saved.status.serving?.previous?.fields).toMatchObject({ modelUri: 's3://models/tiny-moe/', gpuLimit: 4 });
    expect(world.reconcile().actions.map(({ kind }) => kind)).toEqual(['ApplyService']);
  });

  it('saves again what somebody changed in between', () => {
    const world = rollingOut();
    world.reconcile();
    world.changeService({ fields: { ...world.service.fields, args: ['--tensor-parallel-size=4', '--port=1'] } });
    expect(world.reconcile().status.serving?.previous?.fields?.args).toHaveLength(2);
  });

  it('puts back even a write that was never seen', () => {
    const world = rollingOut();
    world.reconcile();
    const stale = world.service;
    world.pass(11);
    world.reconcile();
    expect(world.phase).toBe('RollingBack');
    world.change({ service: stale });
    expect(world.reconcile().actions.map(({ kind }) => kind)).toEqual(['ApplyService']);
    world.pass(6);
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('RolledBack');
  });

  it('does not take a failure of the old model for its own', () => {
    const world = rollingOut();
    world.settle();
    world.changeService({ running: { ...world.service.running, settled: false, failure: 'An old pod crashes' } });
    world.settle();
    expect(world.phase).toBe('RollingOut');
  });

  it('starts the soak anew when a pod falters', () => {
    const world = rollingOut();
    world.settle();
    world.roll();
    world.settle();
    expect(world.phase).toBe('Verifying');
    world.roll(false);
    world.reconcile();
    expect(world.phase).toBe('RollingOut');
    expect(world.pruneJob.status?.serving?.rollout?.verifiedAt).toBeUndefined();
  });

  it('waits for a service that is gone, then fails', () => {
    const world = rollingOut();
    world.change({ service: 'Missing' });
    world.settle();
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'ServiceNotFound' });
    world.pass(601);
    world.settle();
    expect(world.condition('Failed')?.reason).toBe('ServiceNotFound');
  });
});
