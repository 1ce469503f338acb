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
export async function follow(cluster: Cluster, job: PruneJob, { changed, done, stop }: Following): Promise<Seen> {
  const jobs = new Store<PruneJob>();
  const events = new Store<KubeEvent>();
  const end = new AbortController();
  const until = AbortSignal.any([stop, end.signal]);
  let latest: PruneJob | undefined = job;
  const seen = (): Seen => ({ job: latest, events: inOrder(events.list()), trouble: () => troubleOf(cluster) });
  const look = (): void => {
    changed(seen());
    if (latest === undefined || done(latest)) end.abort();
  };
  jobs.onChange(({ before, after }) => {
    // Another PruneJob of this name is another run; and the first list repeats what was read already.
    if ((after ?? before)?.metadata.uid !== job.metadata.uid || after?.metadata.resourceVersion === latest?.metadata.resourceVersion) return;
    latest = after;
    look();
  });
  events.onChange(look);
  const only = `metadata.name=${job.metadata.name}`;
  // Who may read it but not list would otherwise wait for ever.
  await cluster.client.list(pruneJobType, { namespace: cluster.namespace, fieldSelector: only, limit: 1 });
  look();
  await Promise.all([
    reflect(cluster, { type: pruneJobType, store: jobs, fieldSelector: only, log: telling(look) }, until),
    reflect(cluster, { type: eventType, store: events, fieldSelector: `regarding.uid=${job.metadata.uid}`, log: telling(look) }, until),
  ]);
  return seen();
}

type What<T extends KubeObject> = Pick<ReflectorOptions<T>, 'type' | 'store' | 'fieldSelector' | 'log'>;

function reflect<T extends KubeObject>({ client, namespace }: Cluster, what: What<T>, until: AbortSignal): Promise<void> {
  return new Reflector<T>({ client, namespace, clock: systemClock, ...what }).run(until);
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
