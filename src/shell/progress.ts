/**
 * Asks running prune pods how far they are.
 *
 * The operator pulls, because the engine has no API token to push with. Progress is a courtesy: a pod that does not answer is no
 * error, since its Job's end arrives by the watch. So failures are told at debug level only.
 */
import { sleep, type Clock } from '../runtime/clock.ts';
import { asError } from '../runtime/errors.ts';
import type { Source } from '../runtime/sources.ts';
import type { Key } from '../runtime/types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { EngineProgress } from '../prunejob/observed.ts';
import { parseProgress, readAnswer, sameStep } from './progress-report.ts';

export interface ProgressTarget {
  /** The PruneJob to look at again when the answer changes. */
  readonly key: Key;
  readonly podUid: string;
  readonly url: string;
}

/** Answers what the pod says, as it says it. */
export type Ask = (url: string, signal: AbortSignal) => Promise<string>;

export interface ProgressOptions {
  readonly targets: () => readonly ProgressTarget[];
  readonly log: Logger;
  readonly clock: Clock;
  readonly intervalMs?: number;
  readonly ask?: Ask;
}

interface Answer {
  readonly key: Key;
  readonly report: EngineProgress;
}

const defaultIntervalMs = 2_000;
const timeoutMs = 2_000;

export class ProgressPoller {
  readonly #options: ProgressOptions;
  readonly #latest = new Map<string, Answer>();
  #enqueue: ((key: Key) => void) | undefined;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** How the controller hears of news. It attaches when this process leads: a standby leaves the pods in peace. */
  readonly source: Source = {
    attach: (add) => {
      this.#enqueue = add;
    },
    keys: () => [],
  };

  /** The last answer of this pod, if it ever answered. */
  latest(podUid: string): EngineProgress | undefined {
    return this.#latest.get(podUid)?.report;
  }

  /** The PruneJobs whose engines say that they work on this run; their status may not say it yet. */
  workingOn(runKey: string): readonly Key[] {
    return [...this.#latest.values()].filter(({ report }) => report.runKey === runKey).map(({ key }) => key);
  }

  /** The next round starts only after the last answer of this one, so that no pod ever has two polls at a time. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.pollOnce(signal);
      await sleep(this.#options.clock, this.#options.intervalMs ?? defaultIntervalMs, signal);
    }
  }

  async pollOnce(signal: AbortSignal): Promise<void> {
    if (this.#enqueue === undefined) return;
    const targets = this.#options.targets();
    this.#forgetAllBut(new Set(targets.map((target) => target.podUid)));
    await Promise.all(targets.map((target) => this.#poll(target, signal)));
  }

  async #poll(target: ProgressTarget, signal: AbortSignal): Promise<void> {
    try {
      const ask = this.#options.ask ?? askByHttp;
      const report = parseProgress(await ask(target.url, signal));
      const before = this.latest(target.podUid);
      this.#latest.set(target.podUid, { key: target.key, report });
      if (before === undefined || !sameStep(before, report)) this.#enqueue?.(target.key);
    } catch (error) {
      this.#options.log.debug('The pod did not tell its progress.', { url: target.url, error: asError(error).message });
    }
  }

  #forgetAllBut(present: ReadonlySet<string>): void {
    for (const podUid of this.#latest.keys()) {
      if (!present.has(podUid)) this.#latest.delete(podUid);
    }
  }
}

async function askByHttp(url: string, signal: AbortSignal): Promise<string> {
  return readAnswer(await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]), redirect: 'error' }));
}
