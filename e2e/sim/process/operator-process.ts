/** One process of the operator: the real code on a simulated clock, network and randomness. */
import { KubeConfig } from '@kubernetes/client-node';
import { fieldManager, leaseName } from '../../../src/api/names.ts';
import { defaultPolicy } from '../../../src/prunejob/policy.ts';
import { asError } from '../../../src/runtime/errors.ts';
import { PruneOperator } from '../../../src/shell/operator.ts';
import type { Logger } from '../../../src/telemetry/log.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import type { ApiServer } from '../api-server/server.ts';
import { ProcessClock } from '../clock/process-clock.ts';
import type { Scheduler } from '../clock/scheduler.ts';
import type { Random } from '../random.ts';
import { SimClient, unreachable } from './client.ts';
import { Life } from './life.ts';
import { Network, type NetworkOptions } from './network.ts';
import { Watches } from './watches.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly server: ApiServer;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly progress: (url: string) => string;
  readonly complete: (url: string) => void;
  readonly log: (process: string, level: string, message: string) => void;
  readonly requests: Pick<NetworkOptions, 'fateOf' | 'arrived' | 'answered'>;
  /** It is gone, by whatever way. */
  readonly ended: () => void;
}

const REQUEST_TIMEOUT_MS = 30_000;
const LEASE_TIMEOUT_MS = 4_000;

const kubeConfig = new KubeConfig();
kubeConfig.loadFromOptions({
  clusters: [{ name: 'simulated', server: 'http://simulated.invalid', skipTLSVerify: true }],
  users: [{ name: 'simulated', token: '' }],
  contexts: [{ name: 'simulated', cluster: 'simulated', user: 'simulated' }],
  currentContext: 'simulated',
});

export class OperatorProcess {
  readonly name: string;
  readonly life: Life;
  readonly clock: ProcessClock;
  readonly watches: Watches;
  readonly #options: ProcessOptions;
  readonly #operator: PruneOperator;

  constructor(options: ProcessOptions) {
    const { name, scheduler, server, random } = options;
    this.name = name;
    this.#options = options;
    this.life = new Life(scheduler);
    this.clock = new ProcessClock(scheduler, this.life);
    this.watches = new Watches(server.storage, { scheduler, random: random.fork(), life: this.life });
    const jitter = random.fork();
    this.#operator = new PruneOperator({
      kubeConfig, log: this.#logger(), metrics: createMetrics({ ofProcess: false }), name: fieldManager, clock: this.clock,
      random: () => jitter.next(),
      clients: { client: this.#client(REQUEST_TIMEOUT_MS), leaseClient: this.#client(LEASE_TIMEOUT_MS) },
      ask: (url) => this.#ask(() => options.progress(url)),
      askCompletion: ({ url }) => this.#ask(() => { options.complete(url); }),
      engine: { image: 'stun-engine:0.1.0', serviceAccountName: 'default' },
      policy: defaultPolicy,
      readNodes: true,
      watchNamespaces: random.chance(0.3) ? ['ml'] : [],
      leaderElection: { namespace: 'stun-operator', name: leaseName, identity: name },
    });
  }

  start(): void {
    this.#operator.start().catch((thrown: unknown) => { this.#exit(thrown); });
    this.#operator.finished().then(() => { this.#exit(undefined); }, (thrown: unknown) => { this.#exit(thrown); });
  }

  /** As a rolling update ends it: with time to say goodbye. */
  stop(): void {
    this.#operator.stop();
  }

  /** As `kill -9` ends it. */
  crash(): void {
    if (this.life.gone) return;
    this.life.end();
    this.watches.closeAll(unreachable());
    this.#options.ended();
  }

  /** An error that reaches the top ends the real process at once. */
  #exit(thrown: unknown): void {
    if (thrown !== undefined) this.#options.log(this.name, 'exit', asError(thrown).message);
    this.crash();
  }

  #client(timeoutMs: number): SimClient {
    const { name, server, scheduler, random, requests } = this.#options;
    const network = new Network({ ...requests, scheduler, random: random.fork(), life: this.life, timeoutMs, crash: () => { this.crash(); } });
    return new SimClient({ server, network, watches: this.watches, by: { manager: fieldManager, process: name } });
  }

  /** A pod. */
  #ask<T>(answer: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#options.scheduler.wakeAfter(5, () => {
        this.life.deliver(() => {
          try {
            resolve(answer());
          } catch (thrown) {
            reject(asError(thrown));
          }
        });
      });
    });
  }

  #logger(): Logger {
    const at = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>): void => {
      const { error } = fields ?? {};
      this.#options.log(this.name, level, error instanceof Error ? `${message} ${error.message}` : message);
    };
    const logger: Logger = { debug: () => undefined, info: at('info'), warn: at('warn'), error: at('error'), child: () => logger };
    return logger;
  }
}
