/**
 * Jobs that this process has asked for and does not see yet.
 *
 * Two PruneJobs of one run are reconciled side by side. Each sees its own writes before it decides again, but not the other's: while the
 * Job of one is on its way to the cache, the other would take the run to be free.
 */
import type { Clock } from '../runtime/clock.ts';
import { joinKey, keyOf } from '../runtime/keys.ts';
import type { Store } from '../runtime/store.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import type { LiveJob } from './stores.ts';

/** A Job that never comes, because its creation was lost, must not hold the others for ever. */
const patienceMs = 60_000;

interface Start {
  readonly jobKey: string;
  readonly at: number;
}

export class Starting {
  readonly #clock: Clock;
  /** By the uid of the PruneJob. */
  readonly #starts = new Map<string, Start>();

  constructor(jobs: Pick<Store<LiveJob>, 'onChange'>, clock: Clock) {
    this.#clock = clock;
    jobs.onChange(({ after }) => { if (after !== undefined) this.#seen(keyOf(after)); });
  }

  /** Before it is asked for: whether a lost answer was a yes is not known. */
  begin(pruneJobUid: string, { metadata: { namespace, name } }: KubeObject): void {
    this.#starts.set(pruneJobUid, { jobKey: joinKey(namespace, name), at: this.#clock.elapsedMs() });
  }

  has(pruneJobUid: string): boolean {
    const start = this.#starts.get(pruneJobUid);
    if (start === undefined) return false;
    const isUnderWay = this.#clock.elapsedMs() - start.at < patienceMs;
    if (!isUnderWay) this.#starts.delete(pruneJobUid);
    return isUnderWay;
  }

  /** At once, not when asked: a Job that came and went in between is not on its way. */
  #seen(seenKey: string): void {
    for (const [uid, { jobKey }] of this.#starts) if (jobKey === seenKey) this.#starts.delete(uid);
  }
}
