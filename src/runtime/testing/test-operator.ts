/**
 * The smallest operator: what a test wants of it is given as a function, and what is protected is opened.
 */
import type { ResourceEvent } from '@dot-i/k8s-operator';
import type { KubeConfig } from '@kubernetes/client-node';
import { createLogger } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import type { ControllerOptions } from '../controller.ts';
import { KubeOperator } from '../operator.ts';
import type { Store } from '../store.ts';
import type { KubeObject, ResourceType, WatchingClient } from '../types.ts';

export type Init = (operator: TestOperator) => void;

export class TestOperator extends KubeOperator {
  readonly #init: Init;
  readonly api: WatchingClient;
  readonly events = (event: Parameters<KubeOperator['recorder']['record']>[0]): void => { this.recorder.record(event); };

  constructor(kubeConfig: KubeConfig, init: Init, identity?: string) {
    const election = identity === undefined ? {} : { leaderElection: { namespace: 'default', name: 'test', identity } };
    super({ kubeConfig, log: createLogger('error'), metrics: createMetrics(), name: 'tester', http: { host: '127.0.0.1', port: 0 }, ...election });
    this.#init = init;
    this.api = this.client;
  }

  protected override init(): Promise<void> {
    this.#init(this);
    return Promise.resolve();
  }

  watch<T extends KubeObject>(type: ResourceType, ns: string): Store<T> {
    return this.watchKind<T>(type, { namespaces: [ns] });
  }

  control(options: ControllerOptions): void {
    this.addController(options);
  }

  onEvents(type: ResourceType, ns: string, onEvent: (event: ResourceEvent) => Promise<void>): void {
    void this.watchResource(type.group, type.version, type.plural, onEvent, ns);
  }

  finalize(event: ResourceEvent, clean: () => Promise<void>): Promise<boolean> {
    return this.handleResourceFinalizer(event, 'test.io/finalizer', clean);
  }

  report(event: ResourceEvent, status: unknown): Promise<unknown> {
    return this.setResourceStatus(event.meta, status);
  }

  merge(event: ResourceEvent, status: unknown): Promise<unknown> {
    return this.patchResourceStatus(event.meta, status);
  }

  uriOf({ group, version, plural }: ResourceType): string {
    return this.getCustomResourceApiUri(group, version, plural, 'ml');
  }

  register(file: string) {
    return this.registerCustomResourceDefinition(file);
  }
}
