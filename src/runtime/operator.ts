import dotI from '@dot-i/k8s-operator';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.ts';
import type { ControllerOptions } from './controller.ts';
import type { Recorder } from './recorder.ts';
import type { Store, StoreOptions } from './store.ts';
import type { KubeObject, ResourceType, WatchingClient } from './types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { RuntimeMetrics } from '../telemetry/metrics.ts';

const { default: Operator } = dotI;

export interface WatchKindOptions<T> extends StoreOptions<T> {
  readonly labelSelector?: string;
  /** Empty or absent: all. Ignored for cluster-scoped kinds. */
  readonly namespaces?: readonly string[];
}
export interface OperatorOptions {
  readonly kubeConfig: KubeConfig;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  /** Field manager, event reporter and user agent. */
  readonly name: string;
  /** Serves /healthz, /readyz, /metrics. */
  readonly http: { readonly host: string; readonly port: number };
  /** Absent: this process leads without asking. */
  readonly leaderElection?: { readonly namespace: string; readonly name: string; readonly identity: string };
  readonly clock?: Clock;
}

/**
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
export declare abstract class KubeOperator extends Operator {
  constructor(options: OperatorOptions);
  /** Its writes are remembered: a key is not reconciled again before the stores show them. */
  protected readonly client: WatchingClient;
  protected readonly recorder: Recorder;
  /** Before `start` only: in `init`. */
  protected watchKind<T extends KubeObject>(type: ResourceType, options?: WatchKindOptions<T>): Store<T>;
  protected addController(options: ControllerOptions): void;
  override start(): Promise<void>;
  override stop(): void;
  finished(): Promise<void>;
}
