/**
 * The keyed work queue of client-go: a key waits at most once, is worked on by at most one worker, and comes back once if it was added meanwhile.
 */
import { Bucket, exponentialMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Key } from './types.ts';
import type { RuntimeMetrics } from '../telemetry/metrics.ts';

const RETRY = { initialMs: 5, maxMs: 1_000_000 };
/** Over all keys: many failing objects must not become a storm of requests. */
const RETRY_BUCKET = { perSecond: 10, burst: 100 };

export interface QueueOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly metrics: RuntimeMetrics;
}

interface Delayed {
  readonly dueAt: number;
  readonly cancel: () => void;
}

export class WorkQueue {
  readonly #labels: { readonly name: string; readonly controller: string };
  readonly #clock: Clock;
  readonly #metrics: RuntimeMetrics;
  readonly #bucket: Bucket;
  /** Waiting keys with the time they were added, in that order: a Map keeps it. */
  readonly #waiting = new Map<Key, number>();
  readonly #running = new Map<Key, number>();
  readonly #addedWhileRunning = new Set<Key>();
  readonly #delayed = new Map<Key, Delayed>();
  readonly #failures = new Map<Key, number>();
  #sleepers: (() => void)[] = [];
  #closed = false;

  constructor({ name, clock, metrics }: QueueOptions) {
    this.#labels = { name, controller: name };
    this.#clock = clock;
    this.#metrics = metrics;
    this.#bucket = new Bucket(clock, RETRY_BUCKET);
    metrics.depth.set(this.#labels, 0);
    metrics.adds.inc(this.#labels, 0);
    metrics.retries.inc(this.#labels, 0);
    metrics.queues.add({ name, runningForSeconds: () => [...this.#running.values()].map((since) => this.#secondsSince(since)) });
  }

  add(key: Key): void {
    if (this.#closed || this.#waiting.has(key) || this.#addedWhileRunning.has(key)) return;
    this.#metrics.adds.inc(this.#labels);
    if (this.#running.has(key)) this.#addedWhileRunning.add(key);
    else this.#enqueue(key);
  }

  /** Of two delays for one key the earlier wins. */
  addAfter(key: Key, ms: number): void {
    if (this.#closed) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    this.#metrics.retries.inc(this.#labels);
    const dueAt = this.#clock.elapsedMs() + ms;
    const delayed = this.#delayed.get(key);
    if (delayed !== undefined && delayed.dueAt <= dueAt) return;
    delayed?.cancel();
    this.#delayed.set(key, { dueAt, cancel: this.#clock.after(ms, () => { this.#fire(key); }) });
  }

  /** `atLeastMs` is what the server asked for (Retry-After). */
  addRateLimited(key: Key, atLeastMs = 0): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(key, Math.max(atLeastMs, exponentialMs(RETRY, failures), this.#bucket.takeMs()));
  }

  /** Its next failure starts with the shortest delay again. */
  forget(key: Key): void {
    this.#failures.delete(key);
  }

  /** The next key, as soon as there is one; undefined when shut down. Every key taken must be given back by `done`. */
  async take(): Promise<Key | undefined> {
    for (;;) {
      if (this.#closed) return undefined;
      const [next] = this.#waiting.keys();
      if (next !== undefined) return this.#start(next);
      await new Promise<void>((wake) => this.#sleepers.push(wake));
    }
  }

  done(key: Key): void {
    const since = this.#running.get(key);
    if (since !== undefined) this.#metrics.workSeconds.observe(this.#labels, this.#secondsSince(since));
    this.#running.delete(key);
    if (this.#addedWhileRunning.delete(key) && !this.#closed) this.#enqueue(key);
  }

  /** Waiting keys are dropped: level-triggered work is found again by whoever starts next. */
  shutDown(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#metrics.depth.set(this.#labels, 0);
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    for (const wake of this.#sleepers) wake();
    this.#sleepers = [];
  }

  /** The key stays in the queue until the woken worker runs, so that what one event adds twice is one piece of work. */
  #enqueue(key: Key): void {
    this.#waiting.set(key, this.#clock.elapsedMs());
    this.#metrics.depth.set(this.#labels, this.#waiting.size);
    this.#sleepers.shift()?.();
  }

  #start(key: Key): Key {
    const addedAt = this.#waiting.get(key) ?? this.#clock.elapsedMs();
    this.#waiting.delete(key);
    this.#running.set(key, this.#clock.elapsedMs());
    this.#metrics.depth.set(this.#labels, this.#waiting.size);
    this.#metrics.queueSeconds.observe(this.#labels, this.#secondsSince(addedAt));
    return key;
  }

  #fire(key: Key): void {
    this.#delayed.delete(key);
    this.add(key);
  }

  #secondsSince(elapsedMs: number): number {
    return (this.#clock.elapsedMs() - elapsedMs) / 1000;
  }
}
