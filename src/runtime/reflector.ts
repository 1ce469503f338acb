/**
 * Keeps a store like the API server's truth: one list, then a watch from there, for ever, whatever breaks in between.
 *
 * The watch goes on from the last version seen (bookmarks keep it fresh); only when the server no longer knows that version is everything listed
 * again, and the list then delivers what was deleted unseen.
 */
import { Backoff } from './backoff.ts';
import { sleep, type Clock } from './clock.ts';
import { ApiError, asError, isExpired, isNotFound, retryAfterMs } from './errors.ts';
import { typeId } from './keys.ts';
import { listAll } from './pager.ts';
import { SilenceGuard } from './silence.ts';
import type { Store } from './store.ts';
import type { KubeObject, ResourceType, WatchEvent, WatchingClient } from './types.ts';
import type { Logger } from '../telemetry/log.ts';

export interface ReflectorOptions<T extends KubeObject> {
  readonly client: Pick<WatchingClient, 'list' | 'watch'>;
  readonly type: ResourceType;
  readonly store: Store<T>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: () => number;
}

const RETRY = { initialMs: 200, maxMs: 30_000, jitter: 1 };
/** A server that asks for more has a proxy's opinion, or a wrong one: nobody would wait an hour for a watch. */
const LONGEST_RETRY_AFTER_MS = 60_000;
/** A kind whose CRD is not installed may be installed later: looked for at this pace, without noise. */
const MISSING_RETRY_MS = 30_000;
/** A watch that ends sooner does not reset the backoff: a server that closes each watch at once would otherwise be asked without pause. */
const HEALTHY_LIFE_MS = 10_000;
/** Bookmarks come about once a minute; who hears nothing for longer than two of them is not connected, or watches from a version that never comes. */
const SILENCE_MS = 150_000;
const WATCH_SECONDS = { least: 300, most: 600 };

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  /** Where to go on watching; undefined: list first. */
  #resourceVersion: string | undefined;
  readonly #firstSync = Promise.withResolvers<undefined>();
  #synced = false;
  #missing = false;
  #problem = 'its first list is under way.';

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#backoff = new Backoff({ ...RETRY, random: this.#random });
  }

  get resource(): string {
    return typeId(this.#options.type);
  }

  /** Why it is not synced, as far as known. */
  get problem(): string {
    return this.#problem;
  }

  /** The store has had one complete list, or the kind does not exist. */
  get synced(): boolean {
    return this.#synced;
  }

  whenSynced(): Promise<void> {
    return this.#firstSync.promise;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const pauseMs = await this.#round(signal);
      if (pauseMs > 0) await sleep(this.#options.clock, pauseMs, signal);
    }
  }

  /** One list if needed and one watch. Returns how long to wait before the next. */
  async #round(signal: AbortSignal): Promise<number> {
    let watchingSince = Number.POSITIVE_INFINITY;
    let askedForMs = 0;
    try {
      this.#resourceVersion ??= await this.#list(signal);
      watchingSince = this.#options.clock.elapsedMs();
      await this.#watch(this.#resourceVersion, signal);
    } catch (thrown) {
      if (signal.aborted) return 0;
      this.#explain(asError(thrown));
      askedForMs = Math.min(retryAfterMs(thrown), LONGEST_RETRY_AFTER_MS);
    }
    if (this.#missing) return MISSING_RETRY_MS;
    if (this.#options.clock.elapsedMs() - watchingSince < HEALTHY_LIFE_MS) return Math.max(askedForMs, this.#backoff.nextMs());
    this.#backoff.reset();
    return askedForMs;
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, type, store, namespace } = this.#options;
    const { items, resourceVersion } = await listAll<T>(client, type, { ...this.#selection(), signal }, (object) => store.trim(object));
    store.advance(namespace, resourceVersion);
    store.replace(items, namespace);
    this.#missing = false;
    this.#noteSynced();
    return resourceVersion;
  }

  async #watch(resourceVersion: string, signal: AbortSignal): Promise<void> {
    const { client, type } = this.#options;
    const silence = new SilenceGuard(this.#options.clock, SILENCE_MS);
    const timeoutSeconds = Math.round(WATCH_SECONDS.least + this.#random() * (WATCH_SECONDS.most - WATCH_SECONDS.least));
    const stop = AbortSignal.any([signal, silence.signal]);
    try {
      for await (const event of client.watch<T>(type, { ...this.#selection(), resourceVersion, timeoutSeconds, signal: stop })) {
        silence.heard();
        if (signal.aborted) return;
        this.#receive(event);
      }
    } finally {
      silence.end();
    }
    if (silence.signal.aborted) this.#noteSilence();
  }

  #receive({ type, object }: WatchEvent<T>): void {
    const { store, namespace } = this.#options;
    const { resourceVersion = this.#resourceVersion } = object.metadata;
    this.#resourceVersion = resourceVersion;
    // First, because the handlers of a change ask how far the store has come.
    if (resourceVersion !== undefined) store.advance(namespace, resourceVersion);
    if (type === 'DELETED') store.remove(object);
    else if (type !== 'BOOKMARK') store.upsert(object);
  }

  #explain(error: Error): void {
    const { log, type, namespace } = this.#options;
    this.#problem = error.message;
    const fields = { resource: typeId(type), watchedNamespace: namespace, error };
    if (isNotFound(error)) this.#noteMissing();
    else if (isTooOld(error)) log.info('The watch is too far behind; listing again.', fields);
    else log.warn('The watch broke off; it is tried again.', fields);
    if (!canResume(error)) this.#resourceVersion = undefined;
  }

  /** After etcd was restored from a backup, a watch from our version is accepted and stays silent: only a list gets out of that. */
  #noteSilence(): void {
    const { log, type, namespace } = this.#options;
    log.info('The watch has been silent for too long; listing again.', { resource: typeId(type), watchedNamespace: namespace });
    this.#resourceVersion = undefined;
  }

  /**
   * Without its CRD a kind has no objects: that is an answer, and nobody has to wait for it. But a kind that was there is only gone
   * when it is gone twice: a proxy in front of a restarting server says 404 too, and would make everything look deleted.
   */
  #noteMissing(): void {
    const { log, store, type, namespace } = this.#options;
    const certain = this.#missing || !this.#synced;
    if (!this.#missing) log.info('The kind is not installed; it is looked for again later.', { resource: typeId(type) });
    this.#missing = true;
    if (!certain) return;
    store.replace([], namespace);
    this.#noteSynced();
  }

  #noteSynced(): void {
    this.#synced = true;
    this.#firstSync.resolve(undefined);
  }

  #selection(): Pick<ReflectorOptions<T>, 'namespace' | 'labelSelector' | 'fieldSelector'> {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }
}

/** Some storage says in words only that the version we hold lies in its future. */
function isTooOld(error: Error): boolean {
  return isExpired(error) || error.message.includes('Too large resource version');
}

/** What says nothing about our version leaves it valid: lost connections, overload, a server that is starting. A plain 500 may mean the version. */
function canResume(error: Error): boolean {
  return error instanceof ApiError && !isTooOld(error) && (error.code === 0 || error.code === 429 || error.code > 500);
}
