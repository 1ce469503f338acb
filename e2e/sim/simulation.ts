/**
 * One seed from its beginning to its rest: faults for some minutes, then none; then everything must come to rest, and stay there.
 */
import { Bucket } from './actors/bucket.ts';
import { Engine } from './actors/engine.ts';
import { GarbageCollector } from './actors/garbage-collector.ts';
import { JobController } from './actors/job-controller.ts';
import { Kubelet } from './actors/kubelet.ts';
import { KServe } from './actors/kserve.ts';
import { Kueue } from './actors/kueue.ts';
import { ModelServer } from './actors/model-server.ts';
import { People } from './actors/people.ts';
import type { World } from './actors/world.ts';
import { ApiServer } from './api-server/server.ts';
import type { Commit } from './api-server/storage.ts';
import { Scheduler } from './clock/scheduler.ts';
import { cells, type Counts } from './faults/coverage.ts';
import { Injector } from './faults/injector.ts';
import { Invariants } from './invariants/all.ts';
import { Fleet } from './process/fleet.ts';
import type { Request } from './process/network.ts';
import { Random } from './random.ts';
import { restless } from './rest.ts';
import { makeScenario } from './scenario.ts';
import { Trace } from './trace.ts';

export interface Violation {
  readonly rule: string;
  readonly what: string;
}

export interface Outcome {
  readonly seed: number;
  readonly steps: number;
  readonly faults: number;
  readonly digest: string;
  readonly counts: Counts;
  readonly violation?: Violation;
  readonly trace: readonly string[];
}

const LEAST_STEPS = 200;
const LEAST_FAULTS = 5;
/** How long things may take to come to rest once nothing goes wrong any more: the longest deadlines one after the other. */
const REST_WITHIN_MS = 45 * 60_000;
/** Nothing but leases for so long is rest. */
const QUIET_MS = 45_000;
/** How long it is watched there: briefly, and of every so many seeds one for longer than the time to the next look at everything. */
const AT_REST_MS = 60_000;
const LONG_AT_REST_MS = 16 * 60_000;
const LONG_EVERY = 16;
const LOOK_EVERY_MS = 5_000;

export function simulate(seed: number): Promise<Outcome> {
  return new Simulation(seed).run();
}

class Simulation {
  readonly #seed: number;
  readonly #random: Random;
  readonly #scheduler = new Scheduler();
  readonly #trace = new Trace();
  readonly #world: World;
  readonly #people: People;
  readonly #models: ModelServer;
  readonly #injector: Injector;
  readonly #invariants: Invariants;
  readonly #chaosMs: number;
  #violation: Violation | undefined;
  #lastWriteAt = 0;
  #writesAtRest: string[] | undefined;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new Random(seed);
    const all = cells();
    const target = all[seed % all.length] ?? { stage: 'New', fault: 'ServerError' };
    const server = new ApiServer(this.#scheduler);
    server.storage.onCommit((commit) => { this.#note(commit); });
    const scenario = makeScenario(this.#random.fork(), target.stage);
    this.#world = { scheduler: this.#scheduler, server, random: this.#random.fork(), bucket: new Bucket(), scenario };
    this.#models = new ModelServer(this.#world);
    const engine = this.#populate();
    this.#people = new People(this.#world);
    this.#chaosMs = this.#random.between(150_000, 360_000);
    const fleet = this.#fleet(engine, target.fault === 'TwoLeaders' ? 2 : scenario.processes);
    this.#injector = new Injector({ server, scheduler: this.#scheduler, random: this.#random.fork(), target, fleet: () => fleet, tell: (line) => { this.#tell(line); } });
    this.#invariants = new Invariants({ ...this.#world, engine, violated: (rule, what) => { this.#violated(rule, what); } });
  }

  async run(): Promise<Outcome> {
    this.#people.setUp();
    this.#injector.spread(this.#random.between(4, 9), this.#chaosMs);
    await this.#runUntil(() => this.#scheduler.elapsedMs > this.#chaosMs && this.#enough());
    this.#injector.stop();
    this.#tell('--- no more faults');
    await this.#comeToRest();
    if (this.#violation === undefined) await this.#stayAtRest();
    return this.#outcome();
  }

  #populate(): Engine {
    const engine = new Engine(this.#world);
    for (const Actor of [GarbageCollector, JobController, KServe, Kueue]) new Actor(this.#world);
    new Kubelet(this.#world, engine, this.#models);
    return engine;
  }

  #fleet(engine: Engine, replicas: number): Fleet {
    return new Fleet({
      replicas, server: this.#world.server, scheduler: this.#scheduler, random: this.#random.fork(),
      progress: (url) => engine.progress(url),
      complete: (url) => { this.#models.complete(url); },
      log: (process, level, message) => { this.#tell(`${process} ${level}: ${message}`); },
      requests: {
        fateOf: (request) => this.#send(request),
        arrived: () => undefined,
        answered: (request, error) => { this.#invariants.answered(request, error); },
      },
    });
  }

  #send(request: Request): ReturnType<Injector['fateOf']> {
    this.#invariants.sent(request);
    if (request.isWrite && request.type.plural !== 'leases') {
      this.#lastWriteAt = this.#scheduler.elapsedMs;
      if (!isSeriesEnd(request)) this.#writesAtRest?.push(`${request.verb} ${request.type.kind} ${request.key}`);
    }
    return this.#injector.fateOf(request);
  }

  /** A seed that was spared is kept in chaos until it was not. */
  #enough(): boolean {
    if (this.#injector.fired < LEAST_FAULTS) this.#injector.spread(1, 1000);
    return this.#injector.fired >= LEAST_FAULTS && this.#scheduler.steps >= LEAST_STEPS;
  }

  async #comeToRest(): Promise<void> {
    const from = this.#scheduler.elapsedMs;
    let lookAt = from;
    await this.#runUntil(() => {
      const { elapsedMs } = this.#scheduler;
      if (elapsedMs < lookAt) return false;
      lookAt = elapsedMs + LOOK_EVERY_MS;
      return elapsedMs - from > REST_WITHIN_MS || (this.#people.done && elapsedMs - this.#lastWriteAt > QUIET_MS && restless(this.#world).length === 0);
    });
    const why = restless(this.#world);
    if (why.length > 0) this.#violated('everything comes to rest', `${why.join('; ')} ${REST_WITHIN_MS / 60_000} minutes after the last fault.`);
    else this.#invariants.rested();
  }

  async #stayAtRest(): Promise<void> {
    this.#tell('--- at rest');
    const writes: string[] = [];
    this.#writesAtRest = writes;
    const until = this.#scheduler.elapsedMs + (this.#seed % LONG_EVERY === 0 ? LONG_AT_REST_MS : AT_REST_MS);
    await this.#runUntil(() => this.#scheduler.elapsedMs > until);
    if (writes.length > 0) this.#violated('no write at rest', `The operator sent ${writes.length} writes at rest: ${writes.slice(0, 5).join(', ')}.`);
    this.#invariants.rested();
  }

  async #runUntil(done: () => boolean): Promise<void> {
    while (this.#violation === undefined && !done()) if (!(await this.#scheduler.step())) return;
  }

  #note({ type, key, before, after, by }: Commit): void {
    if (type.plural === 'leases' || type.plural === 'events') return;
    // What anybody changes may be what the operator answers next.
    this.#lastWriteAt = this.#scheduler.elapsedMs;
    const verb = before === undefined ? 'creates' : after === undefined ? 'removes' : 'writes';
    this.#tell(`${by.process ?? by.manager} ${verb} ${type.kind} ${key}${summary(before, after)}`);
  }

  #violated(rule: string, what: string): void {
    this.#tell(`!!! ${rule}: ${what}`);
    this.#violation ??= { rule, what };
  }

  #tell(line: string): void {
    this.#trace.add(this.#scheduler.elapsedMs, line);
  }

  #outcome(): Outcome {
    const violation = this.#violation === undefined ? {} : { violation: this.#violation };
    return { seed: this.#seed, steps: this.#scheduler.steps, faults: this.#injector.fired, digest: this.#trace.digest, counts: this.#injector.counts, ...violation, trace: this.#trace.lines };
  }
}

/** The last count of a repeated event is written some minutes after it: a pending write, not a new one. */
function isSeriesEnd({ verb, type }: Request): boolean {
  return verb === 'jsonPatch' && type.plural === 'events';
}

/** What a reader wants to know of a change: where the object is in its life. */
function summary(before: object | undefined, after: object | undefined): string {
  const { status, metadata } = (after ?? before ?? {}) as { readonly status?: { readonly phase?: string; readonly conditions?: readonly { type: string; status: string; reason?: string }[] }; readonly metadata?: { readonly deletionTimestamp?: string } };
  const told = (status?.conditions ?? []).map(({ type, status: value, reason }) => `${type}=${value}${reason === undefined ? '' : `/${reason}`}`);
  return [status?.phase, ...told, metadata?.deletionTimestamp === undefined ? undefined : '(being deleted)'].filter((part) => part !== undefined).map((part) => ` ${part}`).join('');
}
