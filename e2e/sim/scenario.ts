/** What happens in one seed besides faults: which PruneJobs there are, how their engines and services behave, and what people do meanwhile. */
import type { Stage } from '../../src/api/names.ts';
import type { Random } from './random.ts';
import type { LifeStage } from './stages.ts';

export interface PruneJobPlan {
  readonly name: string;
  /** Decides the run key. */
  readonly recipe: number;
  readonly service?: string;
  readonly strategy: 'Canary' | 'Surge' | 'Recreate';
  /** Whether its canary is asked before the service moves. */
  readonly gate: boolean;
  readonly scratch: boolean;
  readonly ttl: boolean;
  readonly planOnly: boolean;
  /** Kueue decides when it prunes. */
  readonly queue?: true;
  readonly createdAtMs: number;
  /** How much later than the PruneJob its service comes. */
  readonly serviceAfterMs: number;
}

export interface EngineScript {
  /** Exit codes of one try after the other; 0 once they are used up. */
  readonly exits: Partial<Readonly<Record<Stage, readonly number[]>>>;
  /** What the served models score, if the gate gets to hear it. */
  readonly scores: 'Good' | 'Low';
  readonly obstacle?: { readonly stage: Stage; readonly reason: string; readonly ms: number };
}

export type UserActionKind =
  | 'Suspend' | 'Delete' | 'Recreate' | 'DeleteJob' | 'DeletePod' | 'EvictPod' | 'DeleteClaim' | 'AnnotateService' | 'RevertService' | 'EditLimits' | 'RequestRollback';

export interface UserAction {
  readonly kind: UserActionKind;
  /** When this PruneJob first gets there, and then so much later. */
  readonly pruneJob: string;
  readonly at: LifeStage;
  readonly afterMs: number;
}

export interface Scenario {
  readonly pruneJobs: readonly PruneJobPlan[];
  readonly actions: readonly UserAction[];
  /** `Mute`: its pods become ready and complete nothing. */
  readonly prunedModel: 'Comes' | 'Crashes' | 'Hangs' | 'Mute';
  /** The servers answer nobody who has no API key, as the operator has none. */
  readonly wantsKey: boolean;
  readonly processes: number;
  readonly engineOf: (name: string) => EngineScript;
}

const underWay = ['New', 'Pending', 'Inspecting', 'Planned', 'Queued', 'Pruning', 'Published', 'RollingOut', 'Verifying'] as const satisfies readonly LifeStage[];
/** Stages that nearly every run comes to, for what can go wrong only once there. */
const nearlyAlways = ['New', 'Queued', 'Pruning', 'RollingOut'] as const satisfies readonly LifeStage[];
/** Stages that some runs come to. */
const sometimes = ['Waiting', 'Evaluating'] as const satisfies readonly LifeStage[];
const others = ['DeleteJob', 'DeletePod', 'EvictPod', 'DeleteClaim', 'AnnotateService', 'RevertService', 'EditLimits'] as const satisfies readonly UserActionKind[];

/** `towards` is the stage that this seed wants to see a fault in. */
export function makeScenario(random: Random, towards: LifeStage): Scenario {
  const first = plan(random, 'tiny', { serves: needsService(towards) || random.chance(0.75), lateService: towards === 'Pending' || random.chance(0.08), gate: towards === 'Evaluating' || towards === 'Waiting' });
  const second = towards === 'Waiting' || random.chance(0.35) ? [secondPlan(random, first, towards === 'Waiting')] : [];
  const prunedModel = random.pick<Scenario['prunedModel']>(prunedModels(towards));
  const scripts = new Map([first, ...second].map(({ name }) => [name, scriptTowards(random, towards, name)]));
  return {
    actions: [...directed(random, towards, prunedModel), ...rollback(random), ...Array.from({ length: random.between(0, 2) }, () => anyAction(random))],
    prunedModel,
    wantsKey: random.chance(0.1),
    processes: random.chance(0.4) ? 2 : 1,
    engineOf: (name) => scripts.get(name) ?? flawless,
    pruneJobs: [first, ...second].map((each) => (random.chance(0.2) ? { ...each, queue: true } : each)),
  };
}

/** Whoever is waited for gets to its rollout. */
const flawless: EngineScript = { exits: {}, scores: 'Good' };

/** A canary that never comes is never asked. */
function prunedModels(towards: LifeStage): readonly [Scenario['prunedModel'], ...Scenario['prunedModel'][]] {
  if (towards === 'Evaluating') return ['Comes', 'Comes', 'Comes', 'Mute'];
  return towards === 'RollingBack' ? ['Crashes', 'Crashes', 'Hangs', 'Mute', 'Comes'] : ['Comes', 'Comes', 'Comes', 'Comes', 'Comes', 'Crashes', 'Mute'];
}

function scriptTowards(random: Random, towards: LifeStage, name: string): EngineScript {
  if (towards === 'Waiting') return flawless;
  const drawn = script(random, towards === 'Failed' && name === 'tiny');
  // Whatever its evaluations do, it comes as far as those.
  return towards === 'Evaluating' ? { exits: { evaluate: drawn.exits.evaluate ?? [], clean: drawn.exits.clean ?? [] }, scores: drawn.scores } : drawn;
}

/** Without a service a run has no such stage: what is published is complete at once. */
function needsService(stage: LifeStage): boolean {
  return ['Pending', 'Waiting', 'Inspecting', 'Published', 'RollingOut', 'Evaluating', 'Verifying', 'RollingBack'].includes(stage);
}

interface Wishes {
  readonly serves: boolean;
  readonly lateService: boolean;
  readonly gate: boolean;
}

function plan(random: Random, name: string, { serves, lateService, gate }: Wishes): PruneJobPlan {
  const strategy = random.pick<PruneJobPlan['strategy']>(gate ? ['Canary'] : ['Canary', 'Canary', 'Surge', 'Surge', 'Recreate']);
  return {
    name,
    recipe: random.chance(0.7) ? 1 : 2,
    ...(serves ? { service: 'tiny-moe' } : {}),
    strategy,
    gate: gate || (serves && strategy === 'Canary' && random.chance(0.4)),
    scratch: random.chance(0.4),
    ttl: random.chance(0.3),
    planOnly: serves && random.chance(0.04),
    createdAtMs: random.between(100, random.chance(0.5) ? 2000 : 40_000),
    serviceAfterMs: lateService ? random.between(3000, 40_000) : -60_000,
  };
}

/** Of the same service, or of one of its own, or of none. */
function secondPlan(random: Random, first: PruneJobPlan, shares: boolean): PruneJobPlan {
  const second = plan(random, 'other', { serves: shares || random.chance(0.6), lateService: false, gate: false });
  if (second.service === undefined) return second;
  if (first.service === undefined || !(shares || random.chance(0.5))) return { ...second, service: 'second' };
  // Any time from the beginning of the first to some time after its end; the middle of it where it is to wait, and not for its run.
  const createdAtMs = first.createdAtMs + (shares ? random.between(0, 40_000) : random.between(0, random.chance(0.5) ? 3000 : 120_000));
  return { ...second, ...(shares ? { recipe: 3 - first.recipe, planOnly: false } : {}), createdAtMs, serviceAfterMs: first.createdAtMs + first.serviceAfterMs - createdAtMs };
}

function script(random: Random, fails: boolean): EngineScript {
  const fatal = random.pick([[2], [4], [4], [5], [3, 3, 3], [137, 3, 137]]);
  const passing = random.pick([[], [], [], [3], [137], [1, 3]]);
  const waits = random.chance(0.15) || (fails && random.chance(0.4));
  return {
    exits: { inspect: random.pick([[], [], [], [3], ...(fails ? [[2]] : [])]), prune: fails || random.chance(0.12) ? fatal : passing, evaluate: random.pick([[], [], [], [3], [137], [4], [3, 3, 3]]), clean: random.pick([[], [], [3]]) },
    scores: random.chance(0.1) ? 'Low' : 'Good',
    ...(waits ? { obstacle: { stage: random.pick<Stage>(['inspect', 'prune', 'prune', 'evaluate']), reason: random.pick(['ImagePullBackOff', 'CreateContainerConfigError']), ms: random.pick([5000, 20_000, fails ? 240_000 : 20_000]) } } : {}),
  };
}

/** What leads to the stage, where the plain run of things does not. */
function directed(random: Random, towards: LifeStage, prunedModel: Scenario['prunedModel']): UserAction[] {
  const afterMs = random.between(0, 3000);
  const at = random.pick(towards === 'Suspended' || towards === 'Deleting' ? nearlyAlways : underWay);
  if (towards === 'Suspended') return [{ kind: 'Suspend', pruneJob: 'tiny', at, afterMs }];
  // Who only waits writes little: a pause has more of it.
  if (towards === 'Waiting') return [{ kind: 'Suspend', pruneJob: 'other', at: 'Waiting', afterMs }, { kind: 'Suspend', pruneJob: 'tiny', at: 'Waiting', afterMs }];
  // What an earlier canary answered must not count for the next one.
  if (towards === 'Evaluating' && random.chance(0.5)) return [{ kind: 'Suspend', pruneJob: 'tiny', at: random.pick<LifeStage>(['Evaluating', 'Verifying']), afterMs: afterMs * random.between(1, 5) }];
  if (towards === 'Deleting') return [{ kind: random.pick(['Delete', 'Recreate']), pruneJob: 'tiny', at, afterMs }];
  if (towards === 'RollingBack' && prunedModel === 'Comes') return [{ kind: random.pick(['Suspend', 'Delete']), pruneJob: 'tiny', at: 'RollingOut', afterMs }];
  return [];
}

/** Midway, or when all is done. */
function rollback(random: Random): UserAction[] {
  if (!random.chance(0.15)) return [];
  return [{ kind: 'RequestRollback', pruneJob: random.chance(0.8) ? 'tiny' : 'other', at: random.pick<LifeStage>(['RollingOut', 'Evaluating', 'Verifying', 'Complete', 'Complete', 'Complete']), afterMs: random.between(0, 20_000) }];
}

function anyAction(random: Random): UserAction {
  const kind = random.chance(0.4) ? random.pick<UserActionKind>(['Suspend', 'Delete', 'Recreate']) : random.pick<UserActionKind>([...others]);
  return { kind, pruneJob: random.chance(0.8) ? 'tiny' : 'other', at: random.chance(0.15) ? random.pick<LifeStage>(['Complete', 'Failed']) : random.pick<LifeStage>([...underWay, ...sometimes]), afterMs: random.between(0, 20_000) };
}
