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
  /** What is wrong with the connection at the moment. */
  readonly trouble?: string;
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
  const seen = (): Seen => ({ job: latest, events: inOrder(events.list()), ...troubleOf(cluster) });
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
  look();
  await Promise.all([
    reflect(cluster, { type: pruneJobType, store: jobs, fieldSelector: `metadata.name=${job.metadata.name}` }, until),
    reflect(cluster, { type: eventType, store: events, fieldSelector: `regarding.uid=${job.metadata.uid}` }, until),
  ]);
  return seen();
}

type What<T extends KubeObject> = Pick<ReflectorOptions<T>, 'type' | 'store' | 'fieldSelector'>;

function reflect<T extends KubeObject>({ client, namespace }: Cluster, what: What<T>, until: AbortSignal): Promise<void> {
  return new Reflector<T>({ client, namespace, clock: systemClock, log: quiet, ...what }).run(until);
}

/** What the reflector would log, the screen says by itself. */
const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => quiet };
function ignore(): void { /* nothing to say */ }

function troubleOf({ lastAnswer, server }: Cluster): { readonly trouble?: string } {
  const answer = lastAnswer();
  if (answer === '<error>') return { trouble: `${server} does not answer; trying again.` };
  return Number(answer) >= 400 ? { trouble: `${server} answers ${answer}; trying again.` } : {};
}

export function eventAt({ series, eventTime, deprecatedLastTimestamp, metadata }: KubeEvent): string {
  return series?.lastObservedTime ?? eventTime ?? deprecatedLastTimestamp ?? metadata.creationTimestamp ?? '';
}

function inOrder(events: readonly KubeEvent[]): KubeEvent[] {
  return [...events].sort((a, b) => Date.parse(eventAt(a)) - Date.parse(eventAt(b)));
}
