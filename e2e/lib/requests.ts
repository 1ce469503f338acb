/**
 * A client of the service that never stops asking: ten completions a second through its ClusterIP, each by a connection of its own, as
 * clients without a pool do. A hand-over without downtime is one that no such request notices.
 */
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { asError } from '../../src/runtime/errors.ts';
import { patience } from './patience.ts';
import { completionRequest, type Question } from './service.ts';
import { waitFor } from './wait.ts';

const everyMs = 100;
/** As patient as clients of language models are: on a busy machine an answer is late, and yet it is one. */
const answerWithinMs = 30_000;

interface Answer {
  readonly askedAt: number;
  /** Why there was none; undefined when there was one. */
  readonly failure?: string;
}

export class RequestLoop implements AsyncDisposable {
  readonly #answers: Answer[] = [];
  readonly #question: Question;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  private constructor(question: Question) {
    this.#question = question;
    this.#ended = this.#ask();
  }

  /** Once the service answers: kube-proxy hears of a new one later than its pods are ready. */
  static async begin(service: string, namespace: string): Promise<RequestLoop> {
    const question = await completionRequest(service, namespace, { prompt: 'a', tokens: 1 });
    await waitFor(`${service} to answer at ${question.url}`, patience, async () => (await failureOf(question)) === undefined);
    return new RequestLoop(question);
  }

  get asked(): number {
    return this.#answers.length;
  }

  get failures(): string[] {
    return this.#answers.flatMap(({ failure }) => failure ?? []);
  }

  /** From the first request that failed to the first one after it that did not, all such times together. */
  get downSeconds(): number {
    const inOrder = this.#answers.toSorted((a, b) => a.askedAt - b.askedAt);
    const downAt = inOrder.filter(({ failure }, at) => failure !== undefined && inOrder[at + 1] !== undefined);
    return downAt.reduce((sum, answer) => sum + spanMs(answer, inOrder[inOrder.indexOf(answer) + 1]), 0) / 1000;
  }

  /** How often each failure happened: what a test that must have none prints. */
  get summary(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const failure of this.failures) counts[failure] = (counts[failure] ?? 0) + 1;
    return counts;
  }

  /** Once every answer is in. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #ask(): Promise<void> {
    const asked: Promise<void>[] = [];
    while (!this.#stop.signal.aborted) {
      asked.push(this.#askOnce());
      await pause(everyMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
    await Promise.all(asked);
  }

  async #askOnce(): Promise<void> {
    const askedAt = Date.now();
    const failure = await failureOf(this.#question);
    this.#answers.push(failure === undefined ? { askedAt } : { askedAt, failure });
  }
}

function spanMs(from: Answer, to: Answer | undefined): number {
  return (to?.askedAt ?? from.askedAt) - from.askedAt;
}

function failureOf(question: Question): Promise<string | undefined> {
  return completed(question).then(() => undefined, (error: unknown) => asError(error).message.replace(/ \d+\.\d+\.\d+\.\d+:\d+$/, ''));
}

async function completed({ url, body }: Question): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const asked = request(url, { method: 'POST', agent: false, headers, signal: AbortSignal.timeout(answerWithinMs) }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('error', reject);
    answer.on('end', () => { if (answer.statusCode === 200 && text.includes('"choices"')) resolve(undefined); else reject(new Error(`answered ${answer.statusCode ?? 0}`)); });
  });
  asked.on('error', reject).end(body);
  await promise;
}
