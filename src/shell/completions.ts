/**
 * What serving pods answer to a completion, asked in the background: a model that hangs must not hold a worker.
 *
 * Whoever observes a pod gets its last answer at once, and is woken when there is news. An answer grows old, because a server may stop
 * answering while it stays Ready. Nothing of what a model says is kept or logged.
 */
import type { Clock } from '../runtime/clock.ts';
import { asError } from '../runtime/errors.ts';
import type { Source } from '../runtime/sources.ts';
import type { Key } from '../runtime/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { compact } from '../prunejob/compact.ts';
import type { Answer } from '../prunejob/observed.ts';
import type { Endpoint } from '../prunejob/serving/adapter.ts';

/** Resolves when the pod completed a prompt, and rejects with why it did not, as the end of a sentence that begins with the pod. */
export type AskCompletion = (endpoint: Endpoint, signal: AbortSignal) => Promise<void>;

export interface CompletionsOptions {
  readonly ask: AskCompletion;
  readonly log: Logger;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Entry {
  readonly asking: boolean;
  readonly seenAt: number;
  readonly answer?: Answer;
  readonly answeredAt?: number;
}

const goodForMs = 30_000;
const askAgainMs = 5_000;
const forgetAfterMs = 600_000;

export class Completions {
  readonly #options: CompletionsOptions;
  /** By the pod's uid. */
  readonly #entries = new Map<string, Entry>();
  #enqueue: (key: Key) => void = () => undefined;

  constructor(options: CompletionsOptions) {
    this.#options = options;
  }

  readonly source: Source = {
    attach: (add) => {
      this.#enqueue = add;
    },
    keys: () => [],
  };

  /** What is known of these pods; those of which it is too little are asked, and `key` is looked at again when they have answered. */
  answersOf(key: Key, endpoints: readonly Endpoint[]): Readonly<Record<string, Answer>> {
    this.#forget();
    for (const endpoint of endpoints) this.#look(key, endpoint);
    return Object.fromEntries(endpoints.flatMap(({ podUid }) => {
      const answer = this.#entries.get(podUid)?.answer;
      return answer === undefined ? [] : [[podUid, answer] as const];
    }));
  }

  #look(key: Key, endpoint: Endpoint): void {
    const seenAt = this.#options.clock.elapsedMs();
    const entry = { asking: false, ...this.#entries.get(endpoint.podUid), seenAt };
    const asks = !entry.asking && isDue(entry);
    this.#entries.set(endpoint.podUid, { ...entry, asking: entry.asking || asks });
    if (asks) void this.#ask(key, endpoint);
  }

  async #ask(key: Key, endpoint: Endpoint): Promise<void> {
    const answer = await this.#answer(endpoint);
    const before = this.#entries.get(endpoint.podUid);
    const answeredAt = this.#options.clock.elapsedMs();
    this.#entries.set(endpoint.podUid, { asking: false, seenAt: before?.seenAt ?? answeredAt, answer, answeredAt });
    if (!answer.answered || before?.answer?.answered !== true) this.#enqueue(key);
  }

  async #answer(endpoint: Endpoint): Promise<Answer> {
    const { ask, log, signal } = this.#options;
    try {
      await ask(endpoint, signal);
      return { answered: true };
    } catch (error) {
      const why = asError(error).message;
      const before = this.#entries.get(endpoint.podUid)?.answer;
      log.debug('The pod did not answer a completion.', { pod: endpoint.pod, url: endpoint.url, error: why });
      return before?.answered === false ? { ...before, why, tries: before.tries + 1 } : compact({ answered: false, why, tries: 1, answeredBefore: before?.answered });
    }
  }

  #forget(): void {
    const now = this.#options.clock.elapsedMs();
    for (const [podUid, { seenAt, asking }] of this.#entries) if (!asking && now - seenAt > forgetAfterMs) this.#entries.delete(podUid);
  }
}

function isDue({ seenAt, answer, answeredAt }: Entry): boolean {
  if (answer === undefined || answeredAt === undefined) return true;
  return seenAt - answeredAt >= (answer.answered ? goodForMs : askAgainMs);
}
