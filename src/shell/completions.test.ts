import { beforeEach, describe, expect, it } from 'vitest';

import { endpoint } from '../prunejob/testing/builders.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { Completions } from './completions.ts';

const log: Logger = { debug: () => undefined, info: fail, warn: fail, error: fail, child: () => log };
function fail(): never {
  throw new Error('What a pod answers is no news for an operator\'s log.');
}

let elapsed: number;
let asked: string[];
let enqueued: string[];
let outcome: () => Promise<void>;
let completions: Completions;

beforeEach(() => {
  elapsed = 0;
  asked = [];
  enqueued = [];
  outcome = () => Promise.resolve();
  const clock: Clock = { now: () => new Date(0), elapsedMs: () => elapsed, after: () => () => undefined };
  completions = new Completions({ ask: ({ podUid }) => (asked.push(podUid), outcome()), clock, log, signal: new AbortController().signal });
  completions.source.attach((key) => enqueued.push(key));
});

/** Looks, and lets what is being asked come back. */
async function look(...uids: readonly string[]): Promise<ReturnType<Completions['answersOf']>> {
  const known = completions.answersOf('ml/tiny', uids.map(endpoint));
  await new Promise((resolve) => setImmediate(resolve));
  return known;
}

describe('the completions of pods', () => {
  it('are asked in the background, and who wanted them is woken', async () => {
    expect(await look('a', 'b')).toEqual({});
    expect([asked, enqueued]).toEqual([['a', 'b'], ['ml/tiny', 'ml/tiny']]);
    expect(await look('a', 'b')).toEqual({ a: { answered: true }, b: { answered: true } });
    expect(await look('a')).toEqual({ a: { answered: true } });
  });

  it('are asked once at a time', async () => {
    let finish = (): void => undefined;
    outcome = () => new Promise((resolve) => { finish = resolve; });
    await look('a');
    elapsed = 60_000;
    await look('a');
    expect(asked).toEqual(['a']);
    finish();
  });

  it.each([
    { answer: 'a good one', good: true, kept: 29_999, old: 30_000 },
    { answer: 'a bad one', good: false, kept: 4_999, old: 5_000 },
  ])('are asked again when $answer is old', async ({ good, kept, old }) => {
    outcome = () => (good ? Promise.resolve() : Promise.reject(new Error('hangs')));
    await look('a');
    elapsed = kept;
    await look('a');
    expect(asked).toHaveLength(1);
    elapsed = old;
    await look('a');
    expect(asked).toHaveLength(2);
  });

  it('count how often a pod was asked in vain, from its last answer on', async () => {
    outcome = () => Promise.reject(new Error('answers a completion with 500'));
    await look('a');
    elapsed += 5_000;
    await look('a');
    expect(await look('a')).toEqual({ a: { answered: false, why: 'answers a completion with 500', tries: 2 } });
    outcome = () => Promise.resolve();
    elapsed += 5_000;
    await look('a');
    outcome = () => Promise.reject(new Error('hangs'));
    elapsed += 30_000;
    await look('a');
    expect(await look('a')).toEqual({ a: { answered: false, why: 'hangs', tries: 1, answeredBefore: true } });
    elapsed += 5_000;
    await look('a');
    expect(await look('a')).toEqual({ a: { answered: false, why: 'hangs', tries: 2, answeredBefore: true } });
  });

  it('wake nobody for an answer that is as good as the last', async () => {
    await look('a');
    elapsed = 30_000;
    await look('a');
    expect([asked.length, enqueued.length]).toEqual([2, 1]);
  });

  it('are forgotten with their pods', async () => {
    await look('a');
    elapsed = 600_001;
    await look('b');
    expect(await look('a')).toEqual({});
  });
});
