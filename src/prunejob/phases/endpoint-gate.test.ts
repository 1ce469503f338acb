import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import type { InferenceService } from '../serving/kserve-types.ts';
import { decided, condition, planned } from '../testing/decided.ts';
import { denseFields, evaluation, facts, prunedUri, pruneJob, service, serving, spec, succeeded, waitingPod, withoutServing } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const tasks = [{ name: 'gsm8k' as const, uri: 's3://data/gsm8k.jsonl', minRetained: 0.9 }];
const asked = { quality: { endpoint: { tasks } }, serving: serving({ strategy: 'Canary' }) };

function published(changes: Partial<ReturnType<typeof spec>> = {}, fields = denseFields): World {
  const world = World.published({ pruneJob: pruneJob({ spec: { ...spec(), ...asked, ...changes } }), service: service({ fields }) });
  world.settle();
  return world;
}

/** The canary runs, and the Job that asks it is there. */
function asking(changes: Partial<ReturnType<typeof spec>> = {}): World {
  const world = published(changes);
  world.rollCanary();
  world.settle();
  return world;
}

function accepted(): World {
  const world = asking();
  world.end('evaluate', { exitCode: 0, message: evaluation() });
  world.settle();
  return world;
}

/** Past the seconds in which a write that nobody saw is repeated. */
function settled(world: World): void {
  world.settle();
  world.pass(6);
  world.settle();
}

const evaluations = (world: World) => world.observed.childJobs.filter(({ stage }) => stage === 'evaluate').map(({ job: { metadata } }) => metadata.name);
const made = (world: World) => world.decisions.flatMap(({ actions }) => actions).flatMap((action) => (action.kind === 'CreateJob' ? [action.manifest.metadata.name] : [])).filter((name) => name.includes('evaluate'));
const promoted = (world: World) => world.decisions.flatMap(({ actions }) => actions).some((action) => action.kind === 'ApplyService' && (action.object as InferenceService).spec?.predictor?.model?.storageUri === prunedUri);

describe('the gate at the endpoint', () => {
  it('says that it is to come when the model is published', () => {
    expect(published().condition('QualityAccepted')).toMatchObject({ status: 'Unknown', reason: 'Evaluating' });
  });

  it('gives up when a queue holds its Job for too long: the canary holds GPUs', () => {
    const world = asking();
    world.hold(true);
    world.settle();
    world.pass(1801);
    settled(world);
    expect(world.condition('Failed')).toMatchObject({ reason: 'RolloutTimedOut', message: expect.stringContaining('Job tiny-evaluate-1 is suspended') as string });
    expect([world.service.fields.canary, world.service.fields.modelUri]).toEqual([undefined, denseFields.modelUri]);
  });

  it('asks nobody before the canary runs', () => {
    const world = published();
    world.rollCanary({ settled: false });
    world.settle();
    expect(made(world)).toEqual([]);
  });

  it('makes one Job once it does, numbered before it is made, and moves nothing meanwhile', () => {
    const world = asking();
    expect(made(world)).toEqual(['tiny-evaluate-1']);
    const numbered = world.decisions.findIndex(({ status }) => status.serving?.rollout?.evaluation === 1);
    expect(world.decisions.slice(0, numbered + 1).flatMap(({ actions }) => actions).filter((action) => action.kind === 'CreateJob' && action.manifest.metadata.name.includes('evaluate'))).toEqual([]);
    expect(world.condition('Served')?.message).toContain('are asked the tasks of quality.endpoint');
    world.pass(3 * 3600);
    world.settle();
    expect([world.phase, promoted(world)]).toEqual(['RollingOut', false]);
  });

  it('lets the service follow once the answers are accepted, and keeps the scores', () => {
    const world = accepted();
    expect(promoted(world)).toBe(true);
    expect(world.condition('QualityAccepted')).toMatchObject({ status: 'True', reason: 'Accepted', message: 'served gsm8k 0.500 → 0.490 (-2.0 %).' });
    world.serve();
    expect(world.phase).toBe('Complete');
    expect(world.pruneJob.status?.result).toMatchObject({ qualitySummary: 'served gsm8k 0.500 → 0.490 (-2.0 %)', quality: { endpoint: { tasks: [{ name: 'gsm8k', lowerBound: 0.95, accepted: true }] } } });
  });

  it('leaves the canary alone when it was accepted: a changed receipt would replace its pod by another', () => {
    const world = asking();
    const before = world.service.fields.canary;
    world.end('evaluate', { exitCode: 0, message: evaluation() });
    world.settle();
    expect(world.service.fields.canary).toEqual(before);
    expect(promoted(world)).toBe(true);
  });

  it('counts serving.timeout again from there: the questions may take hours', () => {
    const world = asking();
    world.pass(3 * 3600);
    world.end('evaluate', { exitCode: 0, message: evaluation() });
    world.settle();
    world.pass(1700);
    world.settle();
    expect(world.phase).toBe('RollingOut');
    world.pass(200);
    world.settle();
    expect(world.condition('Failed')?.message).toContain('not done within serving.timeout 30m');
  });

  const bad = { ...evaluation().tasks[0]!, lowerBound: 0.8 };
  it.each([
    { what: 'refuses', end: { exitCode: 4, message: { kind: 'Error', reason: 'QualityRefused', message: 'The score on gsm8k goes from 0.500 to 0.300.' } }, reason: 'QualityRefused', says: /goes from 0.500 to 0.300. The service was put back/ },
    { what: 'accepts what this PruneJob does not', end: { exitCode: 0, message: { kind: 'Evaluation', tasks: [bad] } }, reason: 'QualityRefused', says: /gsm8k goes from 0.500 to 0.490; for sure .95 % bound. only 80.0 % are retained, less than the 90.0 %/ },
    { what: 'leaves a task out', end: { exitCode: 0, message: { kind: 'Evaluation', tasks: [] } }, reason: 'ResultMismatch', says: /told no score of gsm8k/ },
    { what: 'says something else', end: { exitCode: 0, message: { kind: 'Evaluation', tasks: [{ name: 'gsm8k' }] } }, reason: 'Internal', says: /Job tiny-evaluate-1 ended well but reported no scores/ },
    { what: 'cannot reach the server', end: { exitCode: 3, jobReason: 'BackoffLimitExceeded', message: { kind: 'Error', reason: 'EndpointUnavailable', message: 'It is away.' } }, reason: 'EndpointUnavailable', says: /It is away/ },
    { what: 'cannot read its data', end: { exitCode: 2, message: { kind: 'Error', reason: 'QualityDataInvalid', message: 'No questions.' } }, reason: 'QualityDataInvalid', says: /No questions/ },
  ])('takes the canary away when the engine $what, and the service was never touched', ({ end, reason, says }) => {
    const world = asking();
    world.end('evaluate', end);
    settled(world);
    expect(world.condition('Failed')).toMatchObject({ status: 'True', reason, message: expect.stringMatching(says) as string });
    expect(world.condition('QualityAccepted')).toMatchObject({ status: 'False', reason });
    expect(world.condition('RolledBack')?.status).toBe('True');
    expect([world.service.fields, promoted(world)]).toEqual([denseFields, false]);
  });

  it('asks again when the pod is gone with its answers', () => {
    const world = asking();
    world.end('evaluate', { exitCode: 0, message: evaluation() });
    world.change({ childJobs: world.observed.childJobs.map((child) => (child.stage === 'evaluate' ? { ...child, pods: [] } : child)) });
    world.settle();
    expect(made(world)).toEqual(['tiny-evaluate-1', 'tiny-evaluate-2']);
  });

  it('makes a Job that somebody deleted again, under the same name', () => {
    const world = asking();
    world.change({ childJobs: world.observed.childJobs.filter(({ stage }) => stage !== 'evaluate') });
    world.settle();
    expect(made(world)).toEqual(['tiny-evaluate-1', 'tiny-evaluate-1']);
  });

  it('tells why no pod asks', () => {
    const world = asking();
    expect(world.condition('Queued')).toMatchObject({ status: 'True', message: 'Job tiny-evaluate-1 waits for its pod to start.' });
    world.start('evaluate');
    world.settle();
    expect(world.condition('Queued')).toMatchObject({ status: 'False', reason: 'Running' });
  });

  it.each([
    { what: 'its image never comes', spoil: (world: World) => { world.change({ childJobs: world.observed.childJobs.map((child) => (child.stage === 'evaluate' ? { ...child, pods: [waitingPod('ImagePullBackOff', 'Back-off')] } : child)) }); }, after: 601, reason: 'ImagePullFailed' },
    { what: 'the canary crashes', spoil: (world: World) => { world.rollCanary({ settled: false, failure: 'Pod x keeps crashing' }); }, after: 0, reason: 'RolledBack' },
  ])('ends with the canary gone when $what', ({ spoil, after, reason }) => {
    const world = asking();
    spoil(world);
    world.settle();
    world.pass(after);
    settled(world);
    expect(world.condition('Failed')?.reason).toBe(reason);
    expect([world.service.fields, evaluations(world)]).toEqual([denseFields, []]);
  });

  it('ends with the canary gone when its ServiceAccount is', () => {
    const world = published();
    world.change({ serviceAccount: 'Missing' });
    world.rollCanary();
    world.settle();
    world.pass(601);
    settled(world);
    expect(world.condition('Failed')?.reason).toBe('ServiceAccountNotFound');
    expect(world.service.fields).toEqual(denseFields);
  });

  it('waits for the Services of a canary no longer than serving.timeout', () => {
    const world = published();
    world.rollCanary();
    world.observed = compact({ ...world.observed, endpoints: undefined });
    world.settle();
    expect([made(world), world.condition('Served')?.message]).toEqual([[], 'The canary has no Service to be asked at yet.']);
    world.pass(1801);
    settled(world);
    expect(world.condition('Failed')).toMatchObject({ reason: 'RolloutTimedOut', message: expect.stringContaining('it has no Service to be asked at yet') as string });
  });

  it.each([
    { what: 'suspended', act: (world: World) => { world.changeSpec({ suspend: true }); }, over: (world: World) => world.phase === 'Suspended' },
    { what: 'deleted', act: (world: World) => { world.remove(); }, over: (world: World) => world.pruneJob.metadata.finalizers?.length === 0 },
    { what: 'taken back', act: (world: World) => { world.changeSpec({ serving: serving({ strategy: 'Canary', rollbackRequested: true }) }); }, over: (world: World) => world.condition('Failed')?.reason === 'RolledBack' },
  ])('ends at once with a run that is $what', ({ act, over }) => {
    const world = asking();
    act(world);
    world.reconcile();
    world.reap();
    expect(evaluations(world)).toEqual([]);
    settled(world);
    expect([world.service.fields, over(world)]).toEqual([denseFields, true]);
  });

  it('asks anew, by another Job, when the run goes on after it was suspended', () => {
    const world = asking();
    world.end('evaluate', { exitCode: 0, message: evaluation() });
    world.changeSpec({ suspend: true });
    settled(world);
    world.changeSpec({ suspend: false });
    world.settle();
    world.rollCanary();
    world.settle();
    expect(made(world)).toEqual(['tiny-evaluate-1', 'tiny-evaluate-2']);
  });

  it('asks anew when the service was changed meanwhile', () => {
    const world = asking();
    const changed = { ...denseFields, args: ['--max-model-len=4096', '--tensor-parallel-size=4'] };
    world.changeService({ fields: { ...world.service.fields, ...changed } });
    world.settle();
    expect([promoted(world), world.service.fields.canary?.args]).toEqual([false, ['--max-model-len=4096', '--tensor-parallel-size=2']]);
    world.rollCanary({ tensorParallel: 2 });
    world.settle();
    expect([made(world), evaluations(world)]).toEqual([['tiny-evaluate-1', 'tiny-evaluate-2'], ['tiny-evaluate-2']]);
  });

  it('starts a canary again that somebody took away', () => {
    const world = asking();
    world.changeService({ fields: denseFields });
    world.settle();
    world.pass(16);
    world.settle();
    expect(world.service.fields.canary).toBeDefined();
    expect(promoted(world)).toBe(false);
  });

  it('has nothing to compare where the service ran the model before', () => {
    const again = { serving: serving({ strategy: 'Canary', requireSaving: false }) };
    const world = published(again, { modelUri: prunedUri, args: ['--tensor-parallel-size=2'], gpuLimit: 2, gpuRequest: 2 });
    expect([made(world), world.service.fields.canary]).toEqual([[], undefined]);
    expect(world.condition('QualityAccepted')).toMatchObject({ status: 'True', reason: 'NotMeasured' });
  });

  it('lets runner.activeDeadline change', () => {
    const world = asking();
    world.changeSpec({ runner: { ...spec().runner, activeDeadline: '9h' } });
    world.settle();
    expect(world.observed.childJobs.find(({ stage }) => stage === 'evaluate')?.job.spec?.activeDeadlineSeconds).toBe(9 * 3600);
  });

  it('is refused at plan for a service that can have no canary', () => {
    const unsuited = { Canary: 'can have no canary' };
    const decision = decided({ spec: asked, service: service({ unsuited }), childJobs: [succeeded('inspect', facts())] });
    expect(condition(decision, 'Failed')).toMatchObject({ reason: 'UnsupportedService', message: 'InferenceService tiny-moe can have no canary, and quality.endpoint asks one. Remove quality.endpoint and use another serving.strategy, in a new PruneJob.' });
  });

  it('is not there where it is not asked for', () => {
    const decision = decided({ status: planned, spec: withoutServing(), service: 'NotAsked' });
    expect(JSON.stringify(decision)).not.toContain('evaluat');
  });
});
