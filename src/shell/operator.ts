/**
 * The PruneJob operator on the runtime's front door: what it watches, which keys the events mean, and how a key is reconciled.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { decide } from '../prunejob/decide.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import { decideRefused } from '../prunejob/refused.ts';
import type { EngineConfig } from '../prunejob/observed.ts';
import { kserve } from '../prunejob/serving/kserve.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { KubeOperator, type OperatorOptions } from '../runtime/operator.ts';
import { source, type Source } from '../runtime/sources.ts';
import type { Store, StoreOptions } from '../runtime/store.ts';
import type { KubeObject as LiveObject, Reconcile, ResourceType } from '../runtime/types.ts';
import { createAct } from './act.ts';
import { DomainMetrics } from './domain-metrics.ts';
import { keyMaps } from './key-maps.ts';
import { beginJob, createObserve } from './observe.ts';
import { ProgressPoller, type Ask } from './progress.ts';
import { progressTargets } from './progress-targets.ts';
import { createReconcile } from './reconcile.ts';
import { claimType, deploymentType, engineLabel, inferenceServiceType, jobType, nodeType, podType, pruneJobType, replicaSetType, serviceLabel } from './resources.ts';
import { ServiceAccounts } from './service-accounts.ts';
import { Starting } from './starting.ts';
import { childOptions, nodeOptions, pruneJobOptions, renderedOptions, serviceOptions, type LiveClaim, type LiveDeployment, type LiveJob, type LivePod, type LiveReplicaSet, type Stores } from './stores.ts';

/** A worker waits for the API server nearly all of its time: with few of them, that wait is what limits the operator. */
const concurrency = 32;

export interface PruneOperatorOptions extends OperatorOptions {
  readonly engine: EngineConfig;
  /** Empty means every namespace. */
  readonly watchNamespaces: readonly string[];
  /** How a pod is asked for its progress; by HTTP if absent. */
  readonly ask?: Ask;
}

type WatchedStores = { readonly [Name in keyof Stores]: Stores[Name] extends { list(): readonly (infer T extends LiveObject)[] } ? Store<T> : never };

export class PruneOperator extends KubeOperator {
  readonly #options: PruneOperatorOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();

  constructor(options: PruneOperatorOptions) {
    super(options);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  protected override init(): Promise<void> {
    const stores = this.#watch();
    const { log, ask } = this.#options;
    const poller = new ProgressPoller({ targets: () => progressTargets(stores), log, clock: this.#clock, ...(ask === undefined ? {} : { ask }) });
    this.addController({ name: 'prunejob', concurrency, sources: [...this.#sources(stores), poller.source], reconcile: this.#reconcile(stores, poller) });
    void poller.run(this.#stopping.signal);
    return Promise.resolve();
  }

  override stop(): void {
    this.#stopping.abort();
    super.stop();
  }

  #watch(): WatchedStores {
    return {
      pruneJobs: this.#store<PruneJob>(pruneJobType, pruneJobOptions),
      jobs: this.#store<LiveJob>(jobType, childOptions, engineLabel),
      enginePods: this.#store<LivePod>(podType, childOptions, engineLabel),
      claims: this.#store<LiveClaim>(claimType, childOptions, engineLabel),
      nodes: this.#store(nodeType, nodeOptions),
      services: this.#store<KubeObject>(inferenceServiceType, serviceOptions),
      deployments: this.#store<LiveDeployment>(deploymentType, renderedOptions, serviceLabel),
      replicaSets: this.#store<LiveReplicaSet>(replicaSetType, renderedOptions, serviceLabel),
      servingPods: this.#store<LivePod>(podType, renderedOptions, serviceLabel),
    };
  }

  #store<T extends LiveObject>(type: ResourceType, options: StoreOptions<T>, labelSelector?: string): Store<T> {
    const namespaces = this.#options.watchNamespaces;
    return this.watchKind<T>(type, { ...options, namespaces, ...(labelSelector === undefined ? {} : { labelSelector }) });
  }

  /** The PruneJobs come first: theirs are the keys of the periodic second look. */
  #sources(stores: WatchedStores): Source[] {
    const { ofPruneJob, ofEngine, ofService, ofRendered } = keyMaps(stores.pruneJobs);
    return [
      source(stores.pruneJobs, ofPruneJob),
      source(stores.jobs, ofEngine),
      source(stores.enginePods, ofEngine),
      source(stores.claims, ofEngine),
      source(stores.services, ofService),
      source(stores.deployments, ofRendered),
      source(stores.replicaSets, ofRendered),
      source(stores.servingPods, ofRendered),
    ];
  }

  #reconcile(stores: WatchedStores, poller: ProgressPoller): Reconcile {
    const { client, recorder } = this;
    const { engine, log, metrics } = this.#options;
    const serviceAccounts = new ServiceAccounts(client, this.#clock);
    const starting = new Starting(stores.jobs, this.#clock);
    const observing = { stores, client, serviceAccounts, progressOf: (podUid: string) => poller.latest(podUid), adapter: kserve, engine, starting };
    return createReconcile({
      observe: createObserve(observing),
      decide,
      decideRefused,
      act: createAct(client, (pruneJob, manifest) => { beginJob(observing, pruneJob, manifest); }),
      client,
      recorder,
      metrics: new DomainMetrics(metrics.registry),
      clock: this.#clock,
      log,
    });
  }
}
