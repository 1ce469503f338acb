/**
 * Writes events.k8s.io/v1 Events: the first of a kind at once, its repetitions as a series on the same object.
 *
 * Events are for people. Losing one is better than failing or delaying a reconcile, so nothing here ever throws at the caller.
 */
import { Bucket } from './backoff.ts';
import type { Clock } from './clock.ts';
import { asError, isNotFound } from './errors.ts';
import type { Client, KubeObject, ResourceType } from './types.ts';
import type { Logger } from '../telemetry/log.ts';

export interface RecordedEvent {
  /** The object the event is about (needs apiVersion, kind, name, namespace, uid). */
  readonly regarding: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for machines. */
  readonly reason: string;
  /** CamelCase verb: what the operator did or tried. */
  readonly action: string;
  /** A sentence, cut at 1024 bytes. */
  readonly note: string;
}

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
  writtenAt: number;
  /** One write at a time and in order: a series cannot be patched onto an Event that is not there yet. */
  writing: Promise<unknown>;
}

const EVENT: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };
const NOTE_BYTES = 1024;
/** A repetition is written at once and then once a minute; in between it is only counted. */
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

  /** Resolves when nothing is on its way any more. */
  async flush(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  #begin(id: string, event: RecordedEvent): void {
    if (!this.#bucketOf(event.regarding).tryTake()) return;
    const now = this.#options.clock.elapsedMs();
    const { name, namespace = 'default' } = event.regarding.metadata;
    const series: Series = { name: eventName(name, this.#options.clock.now(), this.#begun++), namespace, count: 1, seenAt: now, writtenAt: Number.NEGATIVE_INFINITY, writing: Promise.resolve() };
    this.#series.set(id, series);
    this.#send(id, series, () => this.#options.client.create(EVENT, this.#eventObject(event, series)));
  }

  #repeat(id: string, series: Series): void {
    const now = this.#options.clock.elapsedMs();
    series.count += 1;
    series.seenAt = now;
    if (now - series.writtenAt < SERIES_WRITE_MS) return;
    series.writtenAt = now;
    const { name, namespace } = series;
    const value = { count: series.count, lastObservedTime: microTime(this.#options.clock.now()) };
    this.#send(id, series, () => this.#options.client.jsonPatch({ type: EVENT, namespace, name }, [{ op: 'add', path: '/series', value }]));
  }

  /** A failed write ends the series: its Event may not exist, so the next repetition begins a new one. */
  #send(id: string, series: Series, write: () => Promise<unknown>): void {
    const sent = series.writing
      .then(write)
      .catch((thrown: unknown) => {
        this.#series.delete(id);
        if (!isNotFound(thrown)) this.#options.log.warn('An event could not be written.', { error: asError(thrown) });
      })
      .then(() => { this.#inFlight.delete(sent); });
    series.writing = sent;
    this.#inFlight.add(sent);
  }

  #eventObject({ regarding, type, reason, action, note }: RecordedEvent, { name, namespace }: Series): KubeObject {
    const { controller, instance, clock } = this.#options;
    const about = regarding.metadata;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      ...{ type, reason, action, note: truncate(note), eventTime: microTime(clock.now()) },
      ...{ reportingController: controller, reportingInstance: instance.slice(0, 128) },
      regarding: { apiVersion: regarding.apiVersion, kind: regarding.kind, name: about.name, namespace: about.namespace, uid: about.uid },
    } as KubeObject;
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

/** The note is part of it: "Created Job a-1" and "Created Job a-2" are two stories. */
function seriesId({ regarding, type, reason, action, note }: RecordedEvent): string {
  return [regarding.metadata.uid ?? '', type, reason, action, note].join('\n');
}

/**
 * Ends in the time and a count, both in hex: the API server lists by name, so the story is told in its order.
 * Names end up to 253 characters; what is cut must not end in a dash or dot.
 */
function eventName(name: string, at: Date, count: number): string {
  const order = at.getTime().toString(16).padStart(12, '0') + (count % 0x10000).toString(16).padStart(4, '0');
  return `${name.slice(0, 200).replace(/[-.]+$/, '')}.${order}`;
}

/** The API server refuses a longer note, and a cut inside a character would not be UTF-8. */
function truncate(note: string): string {
  const bytes = Buffer.from(note);
  return bytes.length <= NOTE_BYTES ? note : `${bytes.subarray(0, NOTE_BYTES - 4).toString('utf8').replace(/\uFFFD$/, '')}…`;
}

/** MicroTime wants six digits. */
function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
