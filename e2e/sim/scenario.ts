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
  readonly scratch: boolean;
  readonly ttl: boolean;
  readonly planOnly: boolean;
  readonly createdAtMs: number;
  /** How much later than the PruneJob its service comes. */
  readonly serviceAfterMs: number;
}

export interface EngineScript {
  /** Exit codes of one try after the other; 0 once they are used up. */
  readonly exits: Partial<Readonly<Record<Stage, readonly number[]>>>;
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
const others = ['DeleteJob', 'DeletePod', 'EvictPod', 'DeleteClaim', 'AnnotateService', 'RevertService', 'EditLimits'] as const satisfies readonly UserActionKind[];

/** `towards` is the stage that this seed wants to see a fault in. */
export function makeScenario(random: Random, towards: LifeStage): Scenario {
  const first = plan(random, 'tiny', needsService(towards) || random.chance(0.75), towards === 'Pending' || random.chance(0.08));
  const second = random.chance(0.35) ? [plan(random, 'other', random.chance(0.5), false)] : [];
  const prunedModel = random.pick<Scenario['prunedModel']>(towards === 'RollingBack' ? ['Crashes', 'Crashes', 'Hangs', 'Mute', 'Comes'] : ['Comes', 'Comes', 'Comes', 'Comes', 'Comes', 'Crashes', 'Mute']);
  const scripts = new Map([first, ...second].map(({ name }) => [name, script(random, towards === 'Failed' && name === 'tiny')]));
  return {
    pruneJobs: [first, ...second.map((other) => ({ ...other, service: other.service === undefined ? undefined : 'second' }))].map(withoutUndefined),
    actions: [...directed(random, towards, prunedModel), ...rollback(random), ...Array.from({ length: random.between(0, 2) }, () => anyAction(random))],
    prunedModel,
    wantsKey: random.chance(0.1),
    processes: random.chance(0.4) ? 2 : 1,
    engineOf: (name) => scripts.get(name) ?? { exits: {} },
  };
}

/** Without a service a run has no such stage: what is published is complete at once. */
function needsService(stage: LifeStage): boolean {
  return ['Pending', 'Inspecting', 'Published', 'RollingOut', 'Verifying', 'RollingBack'].includes(stage);
}

function plan(random: Random, name: string, serves: boolean, lateService: boolean): PruneJobPlan {
  return {
    name,
    recipe: random.chance(0.7) ? 1 : 2,
    ...(serves ? { service: 'tiny-moe' } : {}),
    strategy: random.pick(['Canary', 'Canary', 'Surge', 'Surge', 'Recreate']),
    scratch: random.chance(0.4),
    ttl: random.chance(0.3),
    planOnly: serves && random.chance(0.04),
    createdAtMs: random.between(100, random.chance(0.5) ? 2000 : 40_000),
    serviceAfterMs: lateService ? random.between(3000, 40_000) : -60_000,
  };
}

function withoutUndefined({ service, ...rest }: Omit<PruneJobPlan, 'service'> & { readonly service?: string | undefined }): PruneJobPlan {
  return service === undefined ? rest : { ...rest, service };
}

function script(random: Random, fails: boolean): EngineScript {
  const fatal = random.pick([[2], [4], [4], [5], [3, 3, 3], [137, 3, 137]]);
  const passing = random.pick([[], [], [], [3], [137], [1, 3]]);
  const waits = random.chance(0.15) || (fails && random.chance(0.4));
  return {
    exits: { inspect: random.pick([[], [], [], [3], ...(fails ? [[2]] : [])]), prune: fails || random.chance(0.12) ? fatal : passing, clean: random.pick([[], [], [3]]) },
    ...(waits ? { obstacle: { stage: random.pick<Stage>(['inspect', 'prune', 'prune']), reason: random.pick(['ImagePullBackOff', 'CreateContainerConfigError']), ms: random.pick([5000, 20_000, fails ? 240_000 : 20_000]) } } : {}),
  };
}

/** What leads to the stage, where the plain run of things does not. */
function directed(random: Random, towards: LifeStage, prunedModel: Scenario['prunedModel']): UserAction[] {
  const afterMs = random.between(0, 3000);
  const at = random.pick(towards === 'Suspended' ? nearlyAlways : underWay);
  if (towards === 'Suspended') return [{ kind: 'Suspend', pruneJob: 'tiny', at, afterMs }];
  if (towards === 'Deleting') return [{ kind: random.pick(['Delete', 'Recreate']), pruneJob: 'tiny', at, afterMs }];
  if (towards === 'RollingBack' && prunedModel === 'Comes') return [{ kind: random.pick(['Suspend', 'Delete']), pruneJob: 'tiny', at: 'RollingOut', afterMs }];
  return [];
}

/** Midway, or when all is done. */
function rollback(random: Random): UserAction[] {
  if (!random.chance(0.15)) return [];
  return [{ kind: 'RequestRollback', pruneJob: 'tiny', at: random.pick<LifeStage>(['RollingOut', 'Verifying', 'Complete', 'Complete']), afterMs: random.between(0, 20_000) }];
}

function anyAction(random: Random): UserAction {
  const kind = random.chance(0.4) ? random.pick<UserActionKind>(['Suspend', 'Delete', 'Recreate']) : random.pick<UserActionKind>([...others]);
  return { kind, pruneJob: random.chance(0.8) ? 'tiny' : 'other', at: random.chance(0.15) ? random.pick<LifeStage>(['Complete', 'Failed']) : random.pick<LifeStage>([...underWay]), afterMs: random.between(0, 20_000) };
}
