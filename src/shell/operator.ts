/**
 * The PruneJob operator on the runtime's front door: what it watches, which keys the events mean, and how a key is reconciled.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { decide } from '../prunejob/decide.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import { decideRefused } from '../prunejob/refused.ts';
import type { EngineConfig } from '../prunejob/observed.ts';
import type { Policy } from '../prunejob/policy.ts';
import { serviceKind, serviceKinds, type ServiceKind } from '../prunejob/serving/registry.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { KubeOperator, type OperatorOptions } from '../runtime/operator.ts';
import { source, type Source } from '../runtime/sources.ts';
import type { Store, StoreOptions } from '../runtime/store.ts';
import type { KubeObject as LiveObject, Reconcile, ResourceType } from '../runtime/types.ts';
import { createAct } from './act.ts';
import { askByHttp } from './ask-completion.ts';
import { Completions, type AskCompletion } from './completions.ts';
import { DomainMetrics } from './domain-metrics.ts';
import { GPURequests } from './gpu-requests.ts';
import { keyMaps } from './key-maps.ts';
import { withLastTry } from './last-try.ts';
import { createObserve } from './observe.ts';
import { ProgressPoller, type Ask } from './progress.ts';
import { progressTargets } from './progress-targets.ts';
import { createReconcile } from './reconcile.ts';
import { claimType, deploymentType, engineLabel, jobType, nodeType, podType, pruneJobType, replicaSetType } from './resources.ts';
import { beginJob } from './same-run.ts';
import { ServiceAccounts } from './service-accounts.ts';
import { Starting } from './starting.ts';
import { childOptions, nodeOptions, pruneJobOptions, renderedOptions, serviceOptions, type LiveClaim, type LiveDeployment, type LiveJob, type LivePod, type LiveReplicaSet, type ServingStores, type Stores } from './stores.ts';

/** With the label that marks what is rendered for them. */
const watchedKinds = serviceKinds.flatMap((kind) => ('label' in kind.rendered ? [[kind, kind.rendered.label] as const] : []));

/** A worker waits for the API server nearly all of its time: with few of them, that wait is what limits the operator. */
const concurrency = 32;

export interface PruneOperatorOptions extends OperatorOptions {
  readonly engine: EngineConfig;
  readonly policy: Policy;
  /** Empty means every namespace. */
  readonly watchNamespaces: readonly string[];
  readonly readNodes: boolean;
  /** How a pod is asked for its progress; by HTTP if absent. */
  readonly ask?: Ask;
  /** How a serving pod is asked for a completion; by HTTP if absent. */
  readonly askCompletion?: AskCompletion;
}

type Watched<S> = { readonly [Name in keyof S]: NonNullable<S[Name]> extends { list(): readonly (infer T extends LiveObject)[] } ? Store<T> : never };
type WatchedStores = Watched<Omit<Stores, 'serving'>> & { readonly serving: ReadonlyMap<ServiceKind, Watched<ServingStores>> };

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
    const completions = new Completions({ ask: this.#options.askCompletion ?? askByHttp, log, clock: this.#clock, signal: this.#stopping.signal });
    const sources = [...this.#sources(stores), poller.source, completions.source];
    this.addController({ name: 'prunejob', concurrency, sources, reconcile: this.#reconcile(stores, poller, completions) });
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
      ...(this.#options.readNodes ? { nodes: this.#store(nodeType, nodeOptions) } : {}),
      serving: new Map(watchedKinds.map(([kind, label]) => [kind, this.#servingStores(kind, label)])),
    };
  }

  #servingStores({ type }: ServiceKind, label: string): Watched<ServingStores> {
    const options = renderedOptions(label);
    return {
      services: this.#store<KubeObject>(type, serviceOptions),
      deployments: this.#store<LiveDeployment>(deploymentType, options, label),
      replicaSets: this.#store<LiveReplicaSet>(replicaSetType, options, label),
      pods: this.#store<LivePod>(podType, options, label),
    };
  }

  #store<T extends LiveObject>(type: ResourceType, options: StoreOptions<T>, labelSelector?: string): Store<T> {
    const namespaces = this.#options.watchNamespaces;
    return this.watchKind<T>(type, { ...options, namespaces, ...(labelSelector === undefined ? {} : { labelSelector }) });
  }

  /** The PruneJobs come first: theirs are the keys of the periodic second look. */
  #sources(stores: WatchedStores): Source[] {
    const { ofPruneJob, ofEngine } = keyMaps(stores.pruneJobs);
    return [
      source(stores.pruneJobs, ofPruneJob),
      source(stores.jobs, ofEngine),
      source(stores.enginePods, ofEngine),
      source(stores.claims, ofEngine),
      ...watchedKinds.flatMap(([kind, label]) => this.#servingSources(stores, kind, label)),
    ];
  }

  #servingSources({ pruneJobs, serving }: WatchedStores, kind: ServiceKind, label: string): Source[] {
    const { ofService, ofRendered } = keyMaps(pruneJobs);
    const stores = serving.get(kind);
    if (stores === undefined) return [];
    const rendered = ofRendered(label);
    return [source(stores.services, ofService), source(stores.deployments, rendered), source(stores.replicaSets, rendered), source(stores.pods, rendered)];
  }

  #reconcile(stores: WatchedStores, poller: ProgressPoller, completions: Completions): Reconcile {
    const { client, recorder } = this;
    const { engine, policy, log, metrics } = this.#options;
    const serviceAccounts = new ServiceAccounts(client, this.#clock, policy);
    const starting = new Starting(stores.jobs, this.#clock);
    const questions = { completions, gpuRequests: new GPURequests({ client, clock: this.#clock, log }) };
    const observing = { stores, client, serviceAccounts, progressOf: (podUid: string) => poller.latest(podUid), workingOn: (runKey: string) => poller.workingOn(runKey), kindOf: serviceKind, engine, policy, starting, questions };
    return createReconcile({
      observe: createObserve(observing),
      decide,
      decideRefused,
      act: withLastTry(createAct(client, (pruneJob, manifest) => { beginJob(observing, pruneJob, manifest); }), this.#clock),
      client,
      recorder,
      metrics: new DomainMetrics(metrics.registry),
      clock: this.#clock,
      log,
    });
  }
}
