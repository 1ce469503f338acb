/**
 * The front door: `@dot-i/k8s-operator`'s Operator (init, start, stop, resource events, finalizers) on this runtime.
 *
 * Its own watch ends the process on any error and its writes lose updates, so everything that touches the API server is overridden here,
 * and only here (docs/adr/0001-front-door.md).
 *
 * ```ts
 * class PruneOperator extends KubeOperator {
 *   protected override init(): Promise<void> {
 *     const pruneJobs = this.watchKind<PruneJob>(PRUNEJOB);                     // a missing CRD is an empty store
 *     const jobs = this.watchKind<KubeObject>(JOB, { labelSelector: 'app.kubernetes.io/managed-by=stun-operator' });
 *     this.addController({
 *       name: 'prunejob',
 *       sources: [source(pruneJobs, ownKey), source(jobs, ownerKey(PRUNEJOB))],
 *       reconcile: (key) => reconcile(key, { client: this.client, recorder: this.recorder, pruneJobs, jobs }),
 *     });
 *     return Promise.resolve();
 *   }
 * }
 * const operator = new PruneOperator(options);
 * process.once('SIGTERM', () => { operator.stop(); });
 * await operator.start();      // http up, stores synced, election entered
 * await operator.finished();   // after stop(): drained, lease released, http closed; rejects when the lease is lost
 * ```
 */
import { readFile } from 'node:fs/promises';
import dotI, { type ResourceEvent, type ResourceMeta } from '@dot-i/k8s-operator';
import type { CoreV1Api, KubeConfig, V1CustomResourceDefinitionVersion } from '@kubernetes/client-node';
import { load } from 'js-yaml';
import { createClient } from './client.ts';
import { systemClock, type Clock } from './clock.ts';
import type { ControllerOptions } from './controller.ts';
import { Manager, type ManagerOptions, type WatchKindOptions } from './manager.ts';
import { collectionPath } from './paths.ts';
import type { Recorder } from './recorder.ts';
import { eventReconcile } from './resource-events.ts';
import type { Store } from './store.ts';
import type { ConnectedClient, KubeObject, ObjectRef, ResourceType, WatchingClient } from './types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { RuntimeMetrics } from '../telemetry/metrics.ts';

const { default: Operator, ResourceMetaImpl } = dotI;

export type { WatchKindOptions } from './manager.ts';

export interface OperatorOptions {
  readonly kubeConfig: KubeConfig;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  /** Field manager, event reporter and user agent. */
  readonly name: string;
  /** Serves /healthz, /readyz, /metrics; absent: nothing listens. */
  readonly http?: { readonly host: string; readonly port: number };
  /** Absent: this process leads without asking. */
  readonly leaderElection?: { readonly namespace: string; readonly name: string; readonly identity: string };
  readonly clock?: Clock;
  readonly random?: () => number;
  /** In place of connections to the server of `kubeConfig`. */
  readonly clients?: Pick<ManagerOptions, 'client' | 'leaseClient'>;
}

/** Three attempts begin within the ten seconds in which a leader must renew, also when the first two are swallowed. */
const LEASE_TIMEOUT_MS = 3_000;
const CRD: ResourceType = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions', kind: 'CustomResourceDefinition', namespaced: false };

interface CustomResourceDefinition extends KubeObject {
  readonly spec: { readonly group: string; readonly versions: V1CustomResourceDefinitionVersion[]; readonly names: { readonly plural: string } };
}

export abstract class KubeOperator extends Operator {
  /** Its writes are remembered: a key is not reconciled again before the stores show them. */
  protected readonly client: WatchingClient;
  protected readonly recorder: Recorder;
  readonly #manager: Manager;
  readonly #rawClient: ConnectedClient;

  constructor(options: OperatorOptions) {
    const { kubeConfig, clients = connect(options), clock = systemClock } = options;
    super(options.log);
    // The base class has loaded a configuration of its own choice.
    this.kubeConfig = kubeConfig;
    // Its own class, because importing CoreV1Api brings the classes of every API group into the bundle.
    this.k8sApi = kubeConfig.makeApiClient(this.k8sApi.constructor as typeof CoreV1Api);
    this.#rawClient = clients.client;
    this.#manager = new Manager({ ...options, ...clients, clock });
    this.client = this.#manager.client;
    this.recorder = this.#manager.recorder;
  }

  /** Where /metrics is served, once started. */
  get port(): number | undefined {
    return this.#manager.port;
  }

  override async start(): Promise<void> {
    await super.start();
    await this.#manager.start();
  }

  override stop(): void {
    this.#manager.stop();
  }

  finished(): Promise<void> {
    return this.#manager.finished();
  }

  /** In `init` only. */
  protected watchKind<T extends KubeObject>(type: ResourceType, options?: WatchKindOptions<T>): Store<T> {
    return this.#manager.watchKind(type, options);
  }

  /** In `init` only, and after the kinds that it writes are watched. */
  protected addController(options: ControllerOptions): void {
    this.#manager.addController(options);
  }

  // eslint wants at most four parameters; the base class decides here.
  protected override watchResource(...[group, version, plural, onEvent, namespace]: Parameters<InstanceType<typeof Operator>['watchResource']>): Promise<void> {
    const type = { group, version, plural, kind: '', namespaced: namespace !== undefined };
    const store = this.watchKind(type, namespace === undefined ? {} : { namespaces: [namespace] });
    this.addController({ name: plural, ...eventReconcile(store, plural, onEvent) });
    return Promise.resolve();
  }

  protected override getCustomResourceApiUri(group: string, version: string, plural: string, namespace?: string): string {
    const type = { group, version, plural, kind: '', namespaced: namespace !== undefined };
    return (this.kubeConfig.getCurrentCluster()?.server ?? '') + collectionPath(type, namespace);
  }

  /** The whole list, and only on the version that was read: otherwise another controller's finalizer would be lost. */
  protected override async setResourceFinalizers(meta: ResourceMeta, finalizers: string[]): Promise<void> {
    await this.client.jsonPatch(refOf(meta), [
      { op: 'test', path: '/metadata/resourceVersion', value: meta.resourceVersion },
      { op: 'add', path: '/metadata/finalizers', value: finalizers },
    ]);
  }

  /** By server-side apply: what this operator wrote before and leaves out now is removed. */
  protected override async setResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta> {
    const { type, name, namespace } = refOf(meta);
    const metadata = namespace === undefined ? { name } : { name, namespace };
    return metaAfter(meta, await this.client.applyStatus(type, { apiVersion: meta.apiVersion, kind: meta.kind, metadata, status } as KubeObject));
  }

  protected override async patchResourceStatus(meta: ResourceMeta, status: unknown): Promise<ResourceMeta> {
    return metaAfter(meta, await this.#rawClient.mergeStatus(refOf(meta), { status }));
  }

  protected override async registerCustomResourceDefinition(crdFile: string) {
    const crd = load(await readFile(crdFile, 'utf8')) as CustomResourceDefinition;
    if (crd.kind !== CRD.kind) throw new Error(`${crdFile} holds a ${crd.kind}, not a ${CRD.kind}; name the file of the CRD.`);
    await this.#rawClient.apply(CRD, crd);
    return { group: crd.spec.group, versions: crd.spec.versions, plural: crd.spec.names.plural };
  }
}

function connect({ kubeConfig, metrics, name }: OperatorOptions): Pick<ManagerOptions, 'client' | 'leaseClient'> {
  const { host } = new URL(kubeConfig.getCurrentCluster()?.server ?? 'https://unknown');
  const connection = { kubeConfig, fieldManager: name, onRequest: (method: string, code: string) => { metrics.requests.inc({ method, code, host }); } };
  return { client: createClient(connection), leaseClient: createClient({ ...connection, requestTimeoutMs: LEASE_TIMEOUT_MS }) };
}

function metaAfter(meta: ResourceMeta, object: KubeObject): ResourceMeta {
  return ResourceMetaImpl.createWithId(meta.id, object as unknown as ResourceEvent['object']);
}

/** The base class's id is `<plural>.<apiVersion>`. */
function refOf({ id, apiVersion, kind, name, namespace }: ResourceMeta): ObjectRef {
  const [version = '', group = ''] = apiVersion.split('/').toReversed();
  const plural = id.slice(0, -apiVersion.length - 1);
  const type = { group, version, plural, kind, namespaced: namespace !== undefined };
  return { type, name, ...(namespace === undefined ? {} : { namespace }) };
}
