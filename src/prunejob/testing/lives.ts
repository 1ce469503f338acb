/**
 * Random lives of a PruneJob: everything that users, engines, kubelets, schedulers, KServe, Git and time can do to it, in any order.
 *
 * Every decision of a life is watched for what no decision may ever do.
 */
import fc from 'fast-check';
import { expect } from 'vitest';

import type { Condition, PruneJobSpec } from '../../api/v1alpha1/prunejob.ts';
import { isAwaitingGit } from '../handover/awaiting-git.ts';
import type { Action, Decision } from '../decision.ts';
import { isFinished } from '../failure/failure.ts';
import type { ChildJob } from '../observed.ts';
import type { ServiceFields } from '../serving/adapter.ts';
import type { InferenceService } from '../serving/kserve-types.ts';
import { denseFields, denseUri, endedPod, evaluation, prunedUri, pruneJob, result, service, serving, spec, waitingPod } from './builders.ts';
import { delivered } from './emitting.ts';
import { recordedPods } from './recorded-pods.ts';
import { World } from './world.ts';

type Happening = (world: World) => void;

const error = (reason: string) => ({ kind: 'Error', reason, message: `The engine says ${reason}.` });

/** To the pods of the unfinished Jobs, by whoever has power over pods. */
function toPods(world: World, pods: ChildJob['pods']): void {
  world.change({ childJobs: world.observed.childJobs.map((child) => (isFinished(child.job) ? child : { ...child, pods })) });
}

const recorded: Readonly<Record<string, Happening>> = Object.fromEntries(recordedPods.map(({ row, status }) => [
  row, (world: World) => { toPods(world, [{ metadata: { name: 'pod-1' }, spec: { nodeName: 'gpu-0' }, status }]); },
]));

const engine: Readonly<Record<string, Happening>> = {
  inspected: (world) => { world.inspected(); },
  'inspected an existing result': (world) => { world.inspected({ existing: result({ reused: true }) }); },
  'inspected a dense model': (world) => { world.inspected({ experts: 0, topK: 0 }); },
  'inspect failed': (world) => { world.end('inspect', { exitCode: 2, message: error('ModelNotFound') }); },
  'prune started': (world) => { world.start('prune'); },
  pruned: (world) => { world.pruned(); },
  'pruned elsewhere': (world) => { world.pruned({ uri: 's3://elsewhere/' }); },
  'pruned too little': (world) => { world.pruned({ expertsAfter: 30 }); },
  'gate refused': (world) => { world.end('prune', { exitCode: 4, message: error('QualityRefused') }); },
  'prune failed': (world) => { world.end('prune', { exitCode: 3, jobReason: 'BackoffLimitExceeded' }); },
  'a try failed': (world) => { toPods(world, [endedPod({ exitCode: 3 })]); },
  'the GPU failed': (world) => { world.end('prune', { exitCode: 6, message: error('GPUFailed') }); },
  'evaluation started': (world) => { world.start('evaluate'); },
  'evaluation accepts': (world) => { world.end('evaluate', { exitCode: 0, message: evaluation() }); },
  'evaluation refuses': (world) => { world.end('evaluate', { exitCode: 4, message: error('QualityRefused') }); },
  'evaluation failed': (world) => { world.end('evaluate', { exitCode: 3, jobReason: 'BackoffLimitExceeded', message: error('EndpointUnavailable') }); },
  cleaned: (world) => { world.end('clean', { exitCode: 0 }); },
};

const cluster: Readonly<Record<string, Happening>> = {
  'no image': (world) => { toPods(world, [waitingPod('ImagePullBackOff', 'Back-off')]); },
  'no such image': (world) => { toPods(world, [waitingPod('InvalidImageName', 'invalid reference format')]); },
  'the queue takes the Job back': (world) => { world.hold(true); },
  'the queue lets the Job go': (world) => { world.hold(false); },
  'deleted pods end': (world) => { world.reap(); },
  'jobs vanish': (world) => { world.change({ childJobs: [] }); },
  'the claim is deleted': (world) => { world.deleteClaim(); },
  'account goes': (world) => { world.change({ serviceAccount: 'Missing' }); },
  'account comes': (world) => { world.change({ serviceAccount: { name: 'pruner', secretNames: [] } }); },
};

const users: Readonly<Record<string, Happening>> = {
  'pods come up': (world) => { ifServed(world, () => { world.roll(); }); },
  'pods are on their way': (world) => { ifServed(world, () => { world.roll(false); }); },
  'the canary comes up': (world) => { ifServed(world, () => { if (world.service.fields.canary !== undefined) world.rollCanary(); }); },
  'the canary crashes': (world) => { ifServed(world, () => { if (world.service.fields.canary !== undefined) world.rollCanary({ settled: false, failure: 'Crash' }); }); },
  'pods crash': (world) => { ifServed(world, () => { world.changeService({ running: { ...world.service.running, settled: false, failure: 'Crash' } }); }); },
  'Git reverts': (world) => { ifServed(world, () => { world.changeService({ fields: denseFields, otherManagers: ['argocd-controller'] }); }); },
  'Git delivers the patch': (world) => { ifEmitted(world, delivered); },
  'Git delivers half of it': (world) => { ifEmitted(world, { ...delivered, gpuLimit: 4 }); },
  'Git reverts the patch': (world) => { ifEmitted(world, denseFields); },
  'service goes': (world) => { world.change({ service: 'Missing' }); },
  'service comes': (world) => { if (world.observed.service === 'Missing') world.change({ service: service() }); },
  suspended: (world) => { world.changeSpec({ suspend: true }); },
  resumed: (world) => { world.changeSpec({ suspend: false }); },
  'a rollback is asked for': (world) => {
    const { serving } = world.pruneJob.spec;
    if (serving !== undefined) world.changeSpec({ serving: { ...serving, rollbackRequested: true } });
  },
  'a minute passes': (world) => { world.pass(60); },
  'an hour passes': (world) => { world.pass(3600); },
  deleted: (world) => { world.remove(); },
};

export const happenings: Readonly<Record<string, Happening>> = { ...engine, ...cluster, ...recorded, ...users };

function ifServed(world: World, act: () => void): void {
  if (typeof world.observed.service !== 'string') act();
}

/** Only the patch tells Git where the model is. */
function ifEmitted(world: World, fields: ServiceFields): void {
  if (isAwaitingGit(world.pruneJob)) ifServed(world, () => { world.changeService({ fields }); });
}

export function holds(world: World, type: string): boolean {
  return world.condition(type)?.status === 'True';
}

export function isOver(world: World): boolean {
  return holds(world, 'Complete') || holds(world, 'Failed');
}

export function unfinished(world: World, stage?: ChildJob['stage']): ChildJob[] {
  return world.observed.childJobs.filter((child) => !isFinished(child.job) && (stage === undefined || child.stage === stage));
}

const afterTheEnd = ['RemoveFinalizer', 'UpdateJob', 'DeleteClaim'];
/** A complete run that somebody wants undone: it starts nothing all the same. */
const undoing = [...afterTheEnd, 'AddFinalizer', 'ApplyService', 'ReleaseService'];
const undone = ['Served', 'RolledBack'];

function emits({ pruneJob }: World): boolean {
  return pruneJob.spec.serving?.mode === 'Emit';
}

function isUndone(world: World): boolean {
  return holds(world, 'Complete') && world.pruneJob.spec.serving?.rollbackRequested === true && !emits(world);
}

/** After pauses of so many seconds: what it would still do. */
export function afterPauses(world: World, pauses: readonly number[]): Decision {
  for (const seconds of pauses) {
    world.pass(seconds);
    world.settle();
  }
  return world.reconcile();
}

/** One decision, and what no decision may ever do. */
export function watched(world: World): Decision {
  const publishedBefore = holds(world, 'Published');
  const over = isOver(world);
  const conditions = world.pruneJob.status?.conditions;
  const allowed = isUndone(world) ? undoing : afterTheEnd;
  const before = new World(world.observed);
  const decision = world.reconcile();
  expect(decision.actions.filter((action) => movesUnjudged(before, action)), 'moves before the gate accepted').toEqual([]);
  expect(unfinished(world).length, 'Jobs at once').toBeLessThanOrEqual(1);
  expect(decision.actions.map(({ kind }) => kind).filter((kind) => (over ? !allowed.includes(kind) : kind === 'DeleteClaim')), 'actions at the wrong time').toEqual([]);
  const stays = ({ type }: Condition): boolean => (allowed === afterTheEnd && !emits(world)) || !undone.includes(type);
  if (over) expect(decision.status.conditions?.filter(stays)).toEqual(conditions?.filter(stays));
  // By server-side apply an object that loses its last field becomes null, which the API refuses with the whole status.
  expect(JSON.stringify(decision.status), 'an empty object').not.toContain(':{}');
  serviceKept(world, decision, publishedBefore);
  if (emits(world)) expect(decision.actions.filter(({ kind }) => kind === 'ApplyService' || kind === 'ReleaseService'), 'writes to a service of Git').toEqual([]);
  return decision;
}

/** Of the service itself; a canary may run what nobody has judged yet. */
function movesUnjudged({ pruneJob }: World, action: Action): boolean {
  const { spec, status } = pruneJob;
  const judged = spec.quality?.endpoint === undefined || status?.serving?.rollout?.evaluatedAt !== undefined;
  return !judged && action.kind === 'ApplyService' && modelOf(action.object as InferenceService) === prunedUri;
}

function modelOf(service: InferenceService): string | undefined {
  return service.spec?.predictor?.model?.storageUri;
}

/** Only what was published and accepted is served, and no GPU is taken before; the way back names the model that was there. */
function serviceKept(world: World, { actions }: Decision, publishedBefore: boolean): void {
  for (const action of actions) {
    if (action.kind === 'ApplyService') expect(JSON.stringify(action.object)).toMatch(publishedBefore ? /storageUri/ : denseUri);
  }
  if (typeof world.observed.service === 'string') return;
  const { modelUri, gpuLimit } = world.service.fields;
  expect([denseUri, prunedUri]).toContain(modelUri);
  if (!publishedBefore) expect(modelUri).toBe(denseUri);
  if ((gpuLimit ?? 0) < (denseFields.gpuLimit ?? 0)) expect([publishedBefore, modelUri]).toEqual([true, prunedUri]);
}

const happy = ['inspected', 'prune started', 'pruned'];
const moved = [...happy, 'pods come up', 'a minute passes'];
const undoneLater = [...moved, 'a minute passes', 'a minute passes', 'a rollback is asked for'];
const beginnings = fc.constantFrom([], ['inspected'], happy, [...happy, 'pods are on their way'], moved, undoneLater);
export const lives = fc.tuple(beginnings, fc.array(fc.constantFrom(...Object.keys(happenings)), { maxLength: 30 })).map(([start, rest]) => [...start, ...rest]);

const canary = [...happy, 'the canary comes up'];
const accepted = [...canary, 'evaluation accepts'];
const gatedBeginnings = fc.constantFrom(happy, canary, [...canary, 'evaluation started'], accepted, [...accepted, 'pods come up', 'a minute passes', 'a minute passes']);
export const gatedLives = fc.tuple(gatedBeginnings, fc.array(fc.constantFrom(...Object.keys(happenings)), { maxLength: 20 })).map(([start, rest]) => [...start, ...rest]);

const scratch = { size: '2Ti', storageClassName: 'fast' };

export function born(overrides: Partial<PruneJobSpec> = {}): World {
  return new World({ pruneJob: pruneJob({ spec: { runner: { ...spec().runner, scratch }, ...overrides } }) });
}

/** Asks its canary before the service moves. */
export function gated(): World {
  const tasks = [{ name: 'gsm8k' as const, uri: 's3://data/gsm8k.jsonl', minRetained: 0.9 }];
  return born({ quality: { endpoint: { tasks } }, serving: serving({ strategy: 'Canary' }) });
}

export function live(names: readonly string[], world = born()): World {
  watched(world);
  for (const name of names) {
    happenings[name]?.(world);
    for (let turn = 0; turn < 3; turn += 1) watched(world);
  }
  return world;
}
