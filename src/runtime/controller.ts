/**
 * Workers that reconcile keys, with the retry contract of controller-runtime:
 * rejected → again with backoff; `TerminalError` → not until the object changes; `requeueAfterMs` → then; resolved → not until something changes.
 */
import { randomUUID } from 'node:crypto';
import { Barrier, type WatchedStore } from './barrier.ts';
import { sleep, type Clock } from './clock.ts';
import { asError, retryAfterMs, TerminalError } from './errors.ts';
import { splitKey } from './keys.ts';
import { WorkQueue } from './queue.ts';
import type { Source } from './sources.ts';
import type { Key, Reconcile, ReconcileResult } from './types.ts';
import { withLogFields, type Logger } from '../telemetry/log.ts';
import type { RuntimeMetrics } from '../telemetry/metrics.ts';
import { failSpan, traceFields, withSpan, type Span } from '../telemetry/trace.ts';
import { withWrites } from './writes.ts';

export interface ControllerOptions {
  /** Label of its metrics and log lines. */
  readonly name: string;
  readonly reconcile: Reconcile;
  /** Default 4; one key is never reconciled twice at a time. */
  readonly concurrency?: number;
  /** The first one is the primary: its keys are looked at again every ten to fifteen minutes. */
  readonly sources: readonly Source[];
}

export interface ControllerContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: RuntimeMetrics;
  readonly stores: readonly WatchedStore[];
  readonly random?: () => number;
}

const WORKERS = 4;
/** A second look at everything, for what no event tells: bugs in sources, the passing of time. Lengthened by up to a half. */
const RESYNC_MS = 600_000;
const RESULTS = ['success', 'error', 'requeue_after'] as const;

type Outcome = (typeof RESULTS)[number];

export class Controller {
  readonly #options: ControllerOptions;
  readonly #context: ControllerContext;
  readonly #queue: WorkQueue;
  readonly #barrier: Barrier;
  readonly #random: () => number;

  constructor(options: ControllerOptions, context: ControllerContext) {
    this.#options = options;
    this.#context = context;
    this.#random = context.random ?? Math.random;
    this.#queue = new WorkQueue({ name: options.name, clock: context.clock, metrics: context.metrics });
    this.#barrier = new Barrier(context.clock, context.stores, (key) => { this.#queue.add(key); });
    this.#zeroMetrics();
  }

  /** Resolves when aborted and the last reconcile under way has ended. Rejects when a worker has died: that is a bug, and with it the key's turn never comes. */
  async run(signal: AbortSignal): Promise<void> {
    const ended = Promise.all(Array.from({ length: this.#options.concurrency ?? WORKERS }, () => this.#work()));
    for (const source of this.#options.sources) source.attach((key) => { this.#queue.add(key); });
    try {
      await Promise.race([this.#resync(signal), ended]);
    } finally {
      this.#queue.shutDown();
    }
    await ended;
    this.#barrier.close();
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const [primary] = this.#options.sources;
    for (;;) {
      await sleep(this.#context.clock, RESYNC_MS * (1 + this.#random() / 2), signal);
      if (signal.aborted) return;
      for (const key of primary?.keys() ?? []) this.#queue.add(key);
    }
  }

  async #work(): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      if (!this.#barrier.holds(key)) await this.#process(key);
      this.#queue.done(key);
    }
  }

  async #process(key: Key): Promise<void> {
    const { metrics } = this.#context;
    const controller = this.#options.name;
    metrics.activeWorkers.inc({ controller });
    const from = this.#context.clock.elapsedMs();
    const outcome = await this.#traced(key);
    metrics.reconcileSeconds.observe({ controller }, (this.#context.clock.elapsedMs() - from) / 1000);
    metrics.activeWorkers.dec({ controller });
    metrics.reconciles.inc({ controller, result: outcome });
  }

  /** One id finds every log line and the span of this reconcile. */
  #traced(key: Key): Promise<Outcome> {
    const { namespace = '', name } = splitKey(key);
    const controller = this.#options.name;
    const reconcileID = randomUUID();
    const attributes = { controller, 'k8s.namespace.name': namespace, 'k8s.object.name': name, 'reconcile.id': reconcileID };
    return withSpan('reconcile', attributes, (span) =>
      withLogFields({ controller, ...splitKey(key), reconcileID, ...traceFields(span) }, async () => {
        const outcome = await this.#reconcile(key, span);
        span.setAttribute('reconcile.result', outcome);
        return outcome;
      }),
    );
  }

  async #reconcile(key: Key, span: Span): Promise<Outcome> {
    try {
      const result = await withWrites(() => this.#call(key), (writes) => { this.#barrier.expect(key, writes); });
      return this.#succeeded(key, result);
    } catch (thrown) {
      failSpan(span, thrown);
      this.#failed(key, asError(thrown));
      return 'error';
    }
  }

  /** Async, so that a reconcile that throws before its first await is a rejection like any other. */
  async #call(key: Key): Promise<ReconcileResult> {
    return this.#options.reconcile(key);
  }

  #succeeded(key: Key, { requeueAfterMs }: ReconcileResult): 'success' | 'requeue_after' {
    this.#queue.forget(key);
    if (requeueAfterMs === undefined) return 'success';
    this.#queue.addAfter(key, requeueAfterMs);
    return 'requeue_after';
  }

  #failed(key: Key, error: Error): void {
    const { log, metrics } = this.#context;
    const controller = this.#options.name;
    metrics.reconcileErrors.inc({ controller });
    if (error instanceof TerminalError) {
      metrics.terminalErrors.inc({ controller });
      this.#queue.forget(key);
      log.error('Reconciling failed; it is not tried again until the object changes.', { error });
      return;
    }
    log.error('Reconciling failed; it is tried again.', { error });
    this.#queue.addRateLimited(key, retryAfterMs(error));
  }

  /** A counter that appears only with its first increment hides that increment from `rate()`. */
  #zeroMetrics(): void {
    const { metrics } = this.#context;
    const controller = this.#options.name;
    for (const result of RESULTS) metrics.reconciles.inc({ controller, result }, 0);
    metrics.reconcileErrors.inc({ controller }, 0);
    metrics.terminalErrors.inc({ controller }, 0);
    metrics.activeWorkers.set({ controller }, 0);
    metrics.maxConcurrent.set({ controller }, this.#options.concurrency ?? WORKERS);
  }
}
