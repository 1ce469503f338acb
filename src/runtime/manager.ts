/**
 * Puts the runtime's parts together and in order.
 *
 * Start: http → watches → stores synced → election → controllers. Stop: watches → reconciles under way → events → lease → http.
 * The order of the stop matters: the lease is given back only when nothing of ours can write any more.
 */
import { sleep, type Clock } from './clock.ts';
import { Controller, type ControllerOptions } from './controller.ts';
import { asError } from './errors.ts';
import { serveHttp, type HttpServer } from './http.ts';
import { typeId } from './keys.ts';
import { selects } from './labels.ts';
import { LeaderElector, LostLeaseError, type LeaseName } from './leader.ts';
import { EventRecorder, type Recorder } from './recorder.ts';
import { Reflector } from './reflector.ts';
import { Store, type StoreOptions } from './store.ts';
import type { ConnectedClient, KubeObject, ResourceType, WatchingClient } from './types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { RuntimeMetrics } from '../telemetry/metrics.ts';
import type { WatchedStore } from './barrier.ts';
import { trackingClient } from './writes.ts';

export interface WatchKindOptions<T> extends StoreOptions<T> {
  readonly labelSelector?: string;
  /** Empty or absent: all. Ignored for cluster-scoped kinds. */
  readonly namespaces?: readonly string[];
}

export interface ManagerOptions {
  readonly client: ConnectedClient;
  /** For the lease alone: with a shorter time limit than a renewal has. */
  readonly leaseClient: ConnectedClient;
  readonly clock: Clock;
  /** For jitter; Math.random by default. */
  readonly random?: () => number;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  /** Who reports events. */
  readonly name: string;
  /** Absent: nothing listens. */
  readonly http?: { readonly host: string; readonly port: number };
  /** Absent: this process leads without asking. */
  readonly leaderElection?: LeaseName;
}

/** Together below the 30 s that a Pod has to end by default. */
const DRAIN_MS = 20_000;
const FLUSH_MS = 3_000;

export class Manager {
  readonly client: WatchingClient;
  readonly recorder: Recorder;
  readonly #options: ManagerOptions;
  readonly #events: EventRecorder;
  readonly #elector: LeaderElector | undefined;
  readonly #stores: WatchedStore[] = [];
  readonly #reflectors: Reflector<KubeObject>[] = [];
  readonly #controllers: Controller[] = [];
  readonly #stopSources = new AbortController();
  readonly #stopWork = new AbortController();
  readonly #stopLeading = new AbortController();
  readonly #stop = Promise.withResolvers<undefined>();
  readonly #finished = Promise.withResolvers<undefined>();
  #working: Promise<unknown> = Promise.resolve();
  #leading: Promise<void> = Promise.resolve();
  #http: HttpServer | undefined;

  constructor(options: ManagerOptions) {
    const { client, leaseClient, clock, log, metrics, name, leaderElection } = options;
    this.#options = options;
    this.client = trackingClient({ client, mayWrite: () => { this.#checkLeading(); } });
    this.#events = new EventRecorder({ client, clock, log, controller: name, instance: leaderElection?.identity ?? name });
    this.recorder = this.#events;
    if (leaderElection !== undefined) this.#elector = new LeaderElector({ ...leaderElection, ...this.#jitter(), client: leaseClient, clock, log, metrics });
    // Whoever awaits `finished` hears of a failure; nobody has to.
    this.#finished.promise.catch(() => undefined);
  }

  /** Where /metrics is, once started. */
  get port(): number | undefined {
    return this.#http?.port;
  }

  /** Before `start` only. */
  watchKind<T extends KubeObject>(type: ResourceType, options: WatchKindOptions<T> = {}): Store<T> {
    const { labelSelector, namespaces = [], ...storeOptions } = options;
    const { client, clock, log } = this.#options;
    // Refuses now what the barrier could not judge later.
    selects(labelSelector, {});
    const onHandlerError = (error: Error): void => { log.error('A change could not be mapped to keys.', { resource: typeId(type), error }); };
    const store = new Store<T>({ onHandlerError, ...storeOptions });
    const selection = labelSelector === undefined ? {} : { labelSelector };
    const scopes = type.namespaced && namespaces.length > 0 ? namespaces.map((namespace) => ({ namespace })) : [{}];
    for (const scope of scopes) this.#reflectors.push(new Reflector({ client, type, store, clock, log, ...this.#jitter(), ...selection, ...scope }) as unknown as Reflector<KubeObject>);
    this.#stores.push({ type, store: store as unknown as Store, ...selection, ...(type.namespaced ? { namespaces } : {}) });
    return store;
  }

  /** Before `start` only, and after the kinds that it writes are watched. */
  addController(options: ControllerOptions): void {
    const { clock, log, metrics } = this.#options;
    this.#controllers.push(new Controller(options, { clock, log, metrics, stores: this.#stores, ...this.#jitter() }));
  }

  /** Resolves when the stores are synced and this process takes part in the election. */
  async start(): Promise<void> {
    const { http, metrics, log } = this.#options;
    if (http !== undefined) this.#http = await serveHttp({ ...http, registry: metrics.registry, live: () => this.#notLive(), ready: () => this.#notReady() });
    const watching = this.#reflectors.map((reflector) => reflector.run(this.#stopSources.signal));
    this.#mustNotFail(watching);
    void this.#finish(Promise.allSettled(watching));
    await Promise.race([Promise.all(this.#reflectors.map((reflector) => reflector.whenSynced())), this.#stop.promise]);
    if (this.#stopSources.signal.aborted) return;
    log.info('The stores are synced.', { kinds: this.#stores.map(({ type }) => typeId(type)) });
    this.#lead();
  }

  stop(): void {
    this.#stopSources.abort();
    this.#stop.resolve(undefined);
  }

  /** Resolves when all is stopped in order; rejects where this process must be restarted, as after a lost lease. */
  finished(): Promise<void> {
    return this.#finished.promise;
  }

  #jitter(): { readonly random?: () => number } {
    const { random } = this.#options;
    return random === undefined ? {} : { random };
  }

  #lead(): void {
    if (this.#elector === undefined) this.#work();
    else {
      this.#leading = this.#elector.run(this.#stopLeading.signal, () => { this.#work(); });
      this.#leading.catch((thrown: unknown) => { this.#stop.reject(thrown); });
    }
  }

  #work(): void {
    if (this.#stopWork.signal.aborted) return;
    const working = this.#controllers.map((controller) => controller.run(this.#stopWork.signal));
    this.#working = Promise.allSettled(working);
    this.#mustNotFail(working);
  }

  /** A watch or a controller ends by itself only through a bug; without it the process would look alive and do nothing. */
  #mustNotFail(parts: readonly Promise<void>[]): void {
    for (const part of parts) part.catch((thrown: unknown) => { this.#stop.reject(thrown); });
  }

  async #finish(watching: Promise<unknown>): Promise<void> {
    const failure = await this.#stop.promise.then(() => undefined, asError);
    this.#stopSources.abort();
    this.#stopWork.abort();
    await watching;
    // Who has lost the lease does not wait for work that another process may have taken up: what is under way must end with the process, soon.
    if (!(failure instanceof LostLeaseError)) await this.#drain();
    this.#stopLeading.abort();
    await this.#leading.catch(() => undefined);
    await this.#http?.close();
    for (const client of [this.#options.client, this.#options.leaseClient]) client.close();
    if (failure === undefined) this.#finished.resolve(undefined);
    else this.#finished.reject(failure);
  }

  async #drain(): Promise<void> {
    await this.#atMost(DRAIN_MS, this.#working);
    await this.#atMost(FLUSH_MS, this.#events.flush());
  }

  async #atMost(ms: number, work: Promise<unknown>): Promise<void> {
    const over = new AbortController();
    const ended = work.finally(() => { over.abort(); });
    await Promise.race([ended, sleep(this.#options.clock, ms, over.signal)]);
  }

  #checkLeading(): void {
    if (this.#elector !== undefined && !this.#elector.leading) throw new Error('This process does not lead any more, so it writes nothing; the leader does.');
  }

  /** A lost lease ends the process by itself; that it is still here means that it hangs. */
  #notLive(): string[] {
    return this.#elector?.overdue === true ? ['The lease is overdue and the process has not stopped.'] : [];
  }

  #notReady(): string[] {
    if (this.#stopSources.signal.aborted) return ['The operator is stopping.'];
    return this.#reflectors.filter(({ synced }) => !synced).map(({ resource, problem }) => `${resource} is not synced yet: ${problem}`);
  }
}
