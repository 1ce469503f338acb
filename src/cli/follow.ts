/**
 * One PruneJob and its events as they change, for as long as somebody looks.
 *
 * The operator's own reflector does it: a watch that ends, breaks off or is too far behind is begun again, and nothing is missed.
 */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { systemClock } from '../runtime/clock.ts';
import { Reflector, type ReflectorOptions } from '../runtime/reflector.ts';
import { Store } from '../runtime/store.ts';
import type { KubeObject, ResourceType } from '../runtime/types.ts';
import type { Cluster } from './cluster.ts';
import { pruneJobType } from './prune-jobs.ts';

const eventType: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event', namespaced: true };

export interface KubeEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly note?: string;
  readonly eventTime?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly series?: { readonly count: number; readonly lastObservedTime: string } | null;
}

export interface Seen {
  /** Undefined once it is deleted. */
  readonly job: PruneJob | undefined;
  /** The latest last. */
  readonly events: readonly KubeEvent[];
  /** What is wrong with the connection at this very moment. */
  readonly trouble: () => string | undefined;
}

interface Following {
  readonly changed: (seen: Seen) => void;
  readonly done: (job: PruneJob) => boolean;
  readonly stop: AbortSignal;
}

/** Resolves with the last state once `done` says so, the PruneJob is deleted, or `stop` is aborted. */
export function follow(cluster: Cluster, job: PruneJob, following: Following): Promise<Seen> {
  return new Follower(cluster, job, following).run();
}

class Follower {
  readonly #cluster: Cluster;
  readonly #first: PruneJob;
  readonly #following: Following;
  readonly #jobs = new Store<PruneJob>();
  readonly #events = new Store<KubeEvent>();
  readonly #end = new AbortController();
  #latest: PruneJob | undefined;

  constructor(cluster: Cluster, job: PruneJob, following: Following) {
    this.#cluster = cluster;
    this.#first = job;
    this.#latest = job;
    this.#following = following;
  }

  async run(): Promise<Seen> {
    const { name, uid } = this.#first.metadata;
    const { client, namespace } = this.#cluster;
    const only = `metadata.name=${name}`;
    // Who may read it but not list would otherwise wait for ever.
    await client.list(pruneJobType, { namespace, fieldSelector: only, limit: 1 });
    this.#jobs.onChange(({ before, after }) => { this.#notice(before, after); });
    this.#events.onChange(() => { this.#look(); });
    const jobs = this.#reflector({ type: pruneJobType, store: this.#jobs, fieldSelector: only });
    const events = this.#reflector({ type: eventType, store: this.#events, fieldSelector: `regarding.uid=${uid}` });
    void jobs.whenSynced().then(() => { this.#lookForIt(); });
    this.#look();
    const until = AbortSignal.any([this.#following.stop, this.#end.signal]);
    await Promise.all([jobs.run(until), events.run(until)]);
    return this.#seen();
  }

  #seen(): Seen {
    return { job: this.#latest, events: inOrder(this.#events.list()), trouble: () => troubleOf(this.#cluster) };
  }

  #look(): void {
    this.#following.changed(this.#seen());
    if (this.#latest === undefined || this.#following.done(this.#latest)) this.#end.abort();
  }

  /** Another PruneJob of this name is another run; and the first list repeats what was read already. */
  #notice(before: PruneJob | undefined, after: PruneJob | undefined): void {
    if ((after ?? before)?.metadata.uid !== this.#first.metadata.uid || after?.metadata.resourceVersion === this.#latest?.metadata.resourceVersion) return;
    this.#latest = after;
    this.#look();
  }

  /** Deleted before the first list, no watch would ever tell of it. */
  #lookForIt(): void {
    if (this.#latest === undefined || this.#jobs.list().some(({ metadata }) => metadata.uid === this.#first.metadata.uid)) return;
    this.#latest = undefined;
    this.#look();
  }

  #reflector<T extends KubeObject>(what: Pick<ReflectorOptions<T>, 'type' | 'store' | 'fieldSelector'>): Reflector<T> {
    const { client, namespace } = this.#cluster;
    return new Reflector<T>({ client, namespace, clock: systemClock, log: telling(() => { this.#look(); }), ...what });
  }
}

/** What the reflector would log is the moment to look at the connection; the rest is its own affair. */
function telling(look: () => void): ReflectorOptions<KubeObject>['log'] {
  const nothing = (): void => undefined;
  return { debug: nothing, info: nothing, warn: look, error: nothing, child: () => telling(look) };
}

/** That somebody may not see the events is no trouble: the rest is there. */
const harmless = ['403', '404'];

function troubleOf({ lastAnswer, server }: Cluster): string | undefined {
  const answer = lastAnswer();
  if (answer === '<error>') return `${server} does not answer; trying again.`;
  return Number(answer) >= 400 && !harmless.includes(answer) ? `${server} answers ${answer}; trying again.` : undefined;
}

export function eventAt({ series, eventTime, deprecatedLastTimestamp, metadata }: KubeEvent): string {
  return series?.lastObservedTime ?? eventTime ?? deprecatedLastTimestamp ?? metadata.creationTimestamp ?? '';
}

function inOrder(events: readonly KubeEvent[]): KubeEvent[] {
  return [...events].sort((a, b) => Date.parse(eventAt(a)) - Date.parse(eventAt(b)));
}
