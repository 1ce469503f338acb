/**
 * What alerts and dashboards read of PruneJobs.
 *
 * The series of an object live as long as the object: object names as labels are affordable only because they are removed with it.
 * So they are made anew at every scrape from the objects that are there, and none can be left over.
 */
import { Gauge, type GaugeConfiguration, type Registry } from 'prom-client';
import type { Key } from '../runtime/types.ts';
import { keyOf } from '../runtime/keys.ts';
import { PruneJobCounts } from './prunejob-counts.ts';
import { seriesRows, type Seen, type SeriesRow } from './prunejob-series.ts';

type GaugeValues = Awaited<ReturnType<Gauge['get']>>['values'];

export class DomainMetrics {
  readonly #seen = new Map<Key, Seen>();
  readonly #counts: PruneJobCounts;

  constructor(registry: Registry) {
    this.#counts = new PruneJobCounts(registry);
    for (const [name, row] of Object.entries(seriesRows)) this.#register(name, row, [registry]);
  }

  /** After its status was written. */
  show(seen: Seen): void {
    this.#counts.count(seen.pruneJob.status ?? {}, seen.status);
    this.#seen.set(keyOf(seen.pruneJob), seen);
  }

  forget(key: Key): void {
    this.#seen.delete(key);
  }

  #register(name: string, { help, labels, samples }: SeriesRow, registers: Registry[]): void {
    const values = () => [...this.#seen.values()].flatMap((seen) => {
      const { namespace, name: object } = seen.pruneJob.metadata;
      return samples(seen).flatMap(({ labels: more, value }) => (value === undefined ? [] : [{ labels: { namespace, name: object, ...more }, value }]));
    });
    new ScrapedGauge({ name, help, labelNames: ['namespace', 'name', ...labels], registers }, values);
  }
}

/** Between two scrapes it holds nothing; prom-client's own gauge keeps each sample, with its labels twice, until the next one. */
class ScrapedGauge extends Gauge {
  readonly #values: () => GaugeValues;

  constructor(configuration: GaugeConfiguration<string>, values: () => GaugeValues) {
    super(configuration);
    this.#values = values;
  }

  override async get(): ReturnType<Gauge['get']> {
    return { ...(await super.get()), values: this.#values() };
  }
}
