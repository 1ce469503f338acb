/**
 * What alerts and dashboards read of PruneJobs.
 *
 * The series of an object live as long as the object: object names as labels are affordable only because they are removed with it.
 * So they are made anew at every scrape from the objects that are there, and none can be left over.
 */
import { Gauge, type Registry } from 'prom-client';
import type { Key } from '../runtime/types.ts';
import { keyOf } from '../runtime/keys.ts';
import { PruneJobCounts } from './prunejob-counts.ts';
import { seriesRows, type Seen, type SeriesRow } from './prunejob-series.ts';

export class DomainMetrics {
  readonly #seen = new Map<Key, Seen>();
  readonly #counts: PruneJobCounts;

  constructor(registry: Registry) {
    this.#counts = new PruneJobCounts(registry);
    for (const [name, row] of Object.entries(seriesRows)) this.#register(name, row, registry);
  }

  /** After its status was written. */
  show(seen: Seen): void {
    this.#counts.count(seen.pruneJob.status ?? {}, seen.status);
    this.#seen.set(keyOf(seen.pruneJob), seen);
  }

  forget(key: Key): void {
    this.#seen.delete(key);
  }

  #register(name: string, { help, labels, samples }: SeriesRow, registry: Registry): void {
    const all = this.#seen;
    new Gauge({
      name,
      help,
      labelNames: ['namespace', 'name', ...labels],
      registers: [registry],
      collect() {
        this.reset();
        for (const seen of all.values()) {
          const { namespace, name } = seen.pruneJob.metadata;
          for (const { labels, value } of samples(seen)) if (value !== undefined) this.set({ namespace, name, ...labels }, value);
        }
      },
    });
  }
}
