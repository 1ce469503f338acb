/**
 * Decides what goes wrong and when: one cell of the (stage × fault) table on purpose, and others by chance.
 */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import type { ApiServer } from '../api-server/server.ts';
import type { Commit } from '../api-server/storage.ts';
import type { Scheduler } from '../clock/scheduler.ts';
import type { Fleet } from '../process/fleet.ts';
import type { Fate, Request } from '../process/network.ts';
import type { OperatorProcess } from '../process/operator-process.ts';
import { unreachable } from '../process/client.ts';
import type { Random } from '../random.ts';
import { lifeStageOf, type LifeStage } from '../stages.ts';
import { jobType, pruneJobType } from '../../../src/shell/resources.ts';
import { isFinished } from '../../../src/prunejob/failure/failure.ts';
import type { ResourceType } from '../../../src/runtime/types.ts';
import { concerned } from './concerned.ts';
import type { Counts } from './coverage.ts';
import { fateBy, fits, isRequestFault, processFaults, requestFaults, type FaultKind, type ProcessFault, type RequestFault } from './kinds.ts';

export interface InjectorOptions {
  readonly server: ApiServer;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly target: { readonly stage: LifeStage; readonly fault: FaultKind };
  readonly fleet: () => Fleet;
  readonly tell: (line: string) => void;
}

const ON_WRITE = 0.05;
const ON_OTHERS = 0.008;
/** What a relist must find out is otherwise too seldom something that matters. */
const LOSE_END = 0.5;
const ON_STANDBY = 0.3;
/** After the stage has begun. */
const DELAYS_MS = [0, 1, 5, 20, 300] as const;
/** For a stage that is over as soon as its own write is seen. */
const BRIEF_DELAYS_MS = [0, 1, 5] as const;
/** On purpose no more often than this. */
const MOST_AIMED = 2;

export class Injector {
  readonly counts: Counts = {};
  readonly #options: InjectorOptions;
  #aimed = 0;
  #fired = 0;
  #on = true;

  constructor(options: InjectorOptions) {
    this.#options = options;
    options.server.storage.onCommit((commit) => {
      this.#hear(commit);
      if (isCutShort(commit) && options.random.chance(LOSE_END)) options.scheduler.wakeAfter(0, () => { this.#befall('ExpiredWatch', commit.type); });
    });
  }

  get fired(): number {
    return this.#fired;
  }

  /** Process faults by chance, spread over the time in which faults may happen. */
  spread(count: number, withinMs: number): void {
    const { scheduler, random } = this.#options;
    for (let index = 0; index < count; index += 1) {
      const kind = random.pick([...processFaults]);
      scheduler.wakeAfter(random.between(500, withinMs), () => { this.#befall(kind); });
    }
  }

  stop(): void {
    this.#on = false;
    for (const { life } of this.#options.fleet().running) life.resume();
  }

  fateOf(request: Request): Fate {
    const kind = this.#on ? this.#faultFor(request) : undefined;
    if (kind === undefined) return { kind: 'Delivered' };
    const about = concerned(this.#options.server, request);
    this.#count(kind, about === undefined ? [] : [about], `${request.process}: ${request.verb} ${request.type.kind} ${request.key}`);
    return fateBy(kind, this.#options.random);
  }

  #faultFor(request: Request): RequestFault | undefined {
    const { server, random, target } = this.#options;
    const about = concerned(server, request);
    if (isRequestFault(target.fault) && about !== undefined && lifeStageOf(about) === target.stage && this.#aims(target.fault, request)) return target.fault;
    const kind = random.pick([...requestFaults]);
    return random.chance(request.isWrite && about !== undefined ? ON_WRITE : ON_OTHERS) && fits(kind, request) ? kind : undefined;
  }

  /** Not always at the first chance, so that every write of the stage has its turn. */
  #aims(kind: RequestFault, request: Request): boolean {
    if (this.#aimed >= MOST_AIMED || !fits(kind, request) || !this.#options.random.chance(0.85)) return false;
    this.#aimed += 1;
    return true;
  }

  #hear({ type, before, after }: Commit): void {
    const { target, scheduler, random } = this.#options;
    if (type.plural !== pruneJobType.plural || after === undefined || isRequestFault(target.fault)) return;
    const stage = lifeStageOf(after as PruneJob);
    if (stage !== target.stage || (before !== undefined && lifeStageOf(before as PruneJob) === stage) || this.#aimed >= MOST_AIMED) return;
    this.#aimed += 1;
    const { fault } = target;
    scheduler.wakeAfter(random.pick(stage === 'Published' ? BRIEF_DELAYS_MS : DELAYS_MS), () => { this.#befall(fault); });
  }

  /** `lost` is the kind whose watch is to break, where it matters. */
  #befall(kind: ProcessFault, lost?: ResourceType): void {
    if (!this.#on) return;
    const { random, fleet, server } = this.#options;
    const [first, ...rest] = fleet().running;
    if (first === undefined || (kind === 'TwoLeaders' && rest.length === 0)) return;
    // What a standby has not heard of, it does not know when it leads.
    const isAnyones = kind !== 'TwoLeaders' && rest.length > 0 && random.chance(ON_STANDBY);
    const process = (isAnyones ? undefined : this.#leader()) ?? random.pick([first, ...rest]);
    this.#count(kind, (server.list(pruneJobType) as readonly PruneJob[]), process.name);
    this.#strike(kind, process, lost);
  }

  #strike(kind: ProcessFault, { watches, clock, life }: OperatorProcess, lost: ResourceType | undefined): void {
    const { random, scheduler } = this.#options;
    switch (kind) {
      case 'StaleReads':
        watches.lag(random.pick([1000, 4000, 9000, 20_000]), random.between(5000, 30_000));
        break;
      case 'ReorderedWatches':
        watches.lag(random.pick([100, 1500, 4000]), random.between(5000, 60_000));
        break;
      case 'DuplicateEvents':
        watches.repeat(random.between(5000, 60_000));
        break;
      case 'ExpiredWatch':
        watches.lose(random.between(200, 15_000), unreachable(), lost);
        break;
      case 'ClockJump':
        // Waits are judged by wall clocks against times in the status, so one that falls back makes them as much longer: minutes, not hours.
        clock.skewMs += random.pick([-180_000, -60_000, -20_000, 20_000, 60_000, 180_000]);
        break;
      case 'TwoLeaders':
        life.pause();
        scheduler.wakeAfter(random.between(14_000, 45_000), () => { life.resume(); });
        break;
    }
  }

  #leader(): OperatorProcess | undefined {
    const { server, fleet } = this.#options;
    const lease = server.list(leaseType)[0] as { readonly spec?: { readonly holderIdentity?: string } } | undefined;
    return fleet().get(lease?.spec?.holderIdentity ?? '');
  }

  #count(kind: FaultKind, about: readonly PruneJob[], where: string): void {
    this.#fired += 1;
    const stages = new Set(about.map(lifeStageOf));
    for (const stage of stages) this.counts[`${stage} ${kind}`] = (this.counts[`${stage} ${kind}`] ?? 0) + 1;
    this.#options.tell(`*** ${kind} at ${where}${stages.size === 0 ? '' : ` while ${[...stages].join(', ')}`}`);
  }
}

const leaseType = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true };

/** A Job that goes before it is finished: whoever does not hear of its end waits for it for ever. */
function isCutShort({ type, before, after }: Pick<Commit, 'type' | 'before' | 'after'>): boolean {
  return type.plural === jobType.plural && after === undefined && before !== undefined && !isFinished(before);
}
