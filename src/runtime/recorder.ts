/**
 * Writes events.k8s.io/v1 Events: the first of a kind at once, its repetitions as a series on the same object, whose count is in the end exact.
 *
 * Events are for people. Losing one is better than failing or delaying a reconcile, so nothing here ever throws at the caller.
 */
import { Bucket, exponentialMs } from './backoff.ts';
import { microTime, sleep, type Clock } from './clock.ts';
import { asError, isAlreadyExists, isNotFound, isTransient, retryAfterMs } from './errors.ts';
import { eventName, eventObject, seriesId, type RecordedEvent } from './event-object.ts';
import type { Client, KubeObject, ResourceType } from './types.ts';
import type { Logger } from '../telemetry/log.ts';

export type { RecordedEvent } from './event-object.ts';

export interface Recorder {
  /** Never throws and never waits: an event that cannot be written is logged and dropped. */
  record(event: RecordedEvent): void;
}

export interface RecorderOptions {
  readonly client: Pick<Client, 'create' | 'jsonPatch'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Who reports: the operator, and which of its replicas. */
  readonly controller: string;
  readonly instance: string;
}

interface Series {
  readonly name: string;
  readonly namespace: string;
  count: number;
  seenAt: number;
  lastObservedTime: string;
  writtenAt: number;
  /** Set while repetitions are counted and not yet written. */
  cancelTimer: (() => void) | undefined;
  /** One write at a time and in order: a series cannot be patched onto an Event that is not there yet. */
  writing: Promise<unknown>;
}

const EVENT: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
/** Through a restart of the API server: 1, 2, 4, 8 and 16 s after the failure before. */
const RETRY = { initialMs: 1_000, maxMs: 30_000 };
const RETRIES = 5;
/** The first repetition is written at once, the next ones together a minute later. */
const SERIES_WRITE_MS = 60_000;
/** The API server would forget the Event itself after an hour; a story that paused this long is a new one. */
const SERIES_LIFE_MS = 360_000;
/** For each object: a burst of 25, then one in ten seconds. One noisy object must not hide the others. */
const PER_OBJECT = { perSecond: 0.1, burst: 25 };

export class EventRecorder implements Recorder {
  readonly #options: RecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #inFlight = new Set<Promise<void>>();
  readonly #flushing = new AbortController();
  #forgotAt = 0;
  #begun = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  record(event: RecordedEvent): void {
    this.#forgetOld();
    const id = seriesId(event);
    const series = this.#series.get(id);
    if (series === undefined || this.#options.clock.elapsedMs() - series.seenAt > SERIES_LIFE_MS) this.#begin(id, event);
    else this.#repeat(id, series);
  }

  /** Before the end: writes what has only been counted so far, and retries without pauses from now on. Resolves when nothing is on its way any more. */
  async flush(): Promise<void> {
    this.#flushing.abort();
    for (const [id, series] of this.#series) if (series.cancelTimer !== undefined) this.#writeCount(id, series);
    await Promise.all(this.#inFlight);
  }

  #begin(id: string, event: RecordedEvent): void {
    if (!this.#bucketOf(event.regarding).tryTake()) return;
    const at = this.#options.clock.now();
    const { name, namespace = 'default' } = event.regarding.metadata;
    const series: Series = {
      name: eventName(name, at, this.#begun++),
      namespace,
      ...{ count: 1, seenAt: this.#options.clock.elapsedMs(), lastObservedTime: microTime(at), writtenAt: Number.NEGATIVE_INFINITY },
      cancelTimer: undefined,
      writing: Promise.resolve(),
    };
    this.#series.set(id, series);
    this.#send(id, series, () => this.#options.client.create(EVENT, eventObject(event, { ...this.#options, ...series, at })));
  }

  #repeat(id: string, series: Series): void {
    const { clock } = this.#options;
    const now = clock.elapsedMs();
    series.count += 1;
    series.seenAt = now;
    series.lastObservedTime = microTime(clock.now());
    const wait = series.writtenAt + SERIES_WRITE_MS - now;
    if (wait <= 0) this.#writeCount(id, series);
    else series.cancelTimer ??= clock.after(wait, () => { this.#writeCount(id, series); });
  }

  #writeCount(id: string, series: Series): void {
    series.cancelTimer?.();
    series.cancelTimer = undefined;
    series.writtenAt = this.#options.clock.elapsedMs();
    const { name, namespace, count, lastObservedTime } = series;
    const value = { count, lastObservedTime };
    this.#send(id, series, () => this.#options.client.jsonPatch({ type: EVENT, namespace, name }, [{ op: 'add', path: '/series', value }]));
  }

  /** A failed write ends the series: its Event may not exist, so the next repetition begins a new one. */
  #send(id: string, series: Series, write: () => Promise<unknown>): void {
    const sent = series.writing
      .then(() => this.#deliver(write))
      .catch((thrown: unknown) => {
        series.cancelTimer?.();
        if (this.#series.get(id) === series) this.#series.delete(id);
        if (!isNotFound(thrown)) this.#options.log.warn('An event could not be written.', { error: asError(thrown) });
      })
      .then(() => { this.#inFlight.delete(sent); });
    series.writing = sent;
    this.#inFlight.add(sent);
  }

  /** Tries again what may yet succeed. A name of ours that exists already is an Event whose answer was lost. */
  async #deliver(write: () => Promise<unknown>): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      try {
        await write();
        return;
      } catch (thrown) {
        if (isAlreadyExists(thrown)) return;
        if (!isTransient(thrown) || failures === RETRIES) throw thrown;
        await sleep(this.#options.clock, Math.max(retryAfterMs(thrown), exponentialMs(RETRY, failures)), this.#flushing.signal);
      }
    }
  }

  #bucketOf({ metadata: { uid = '' } }: KubeObject): Bucket {
    const bucket = this.#buckets.get(uid) ?? new Bucket(this.#options.clock, PER_OBJECT);
    this.#buckets.set(uid, bucket);
    return bucket;
  }

  #forgetOld(): void {
    const now = this.#options.clock.elapsedMs();
    if (now - this.#forgotAt < SERIES_LIFE_MS) return;
    this.#forgotAt = now;
    for (const [id, { seenAt }] of this.#series) if (now - seenAt > SERIES_LIFE_MS) this.#series.delete(id);
    for (const [uid, bucket] of this.#buckets) if (bucket.full) this.#buckets.delete(uid);
  }
}
