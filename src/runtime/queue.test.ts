import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createMetrics } from '../telemetry/metrics.ts';
import { ManualClock, settle } from './testing/manual-clock.ts';
import { WorkQueue } from './queue.ts';

let clock: ManualClock;
let queue: WorkQueue;

beforeEach(() => {
  clock = new ManualClock();
  queue = new WorkQueue({ name: 'test', clock, metrics: createMetrics() });
});

/** Takes what is ready, without waiting for more. The last worker goes on waiting, so this ends a test's work on a queue. */
async function takeReady(): Promise<string[]> {
  const taken: string[] = [];
  const worker = async (): Promise<void> => {
    for (let key = await queue.take(); key !== undefined; key = await queue.take()) taken.push(key);
  };
  void worker();
  await settle();
  return taken;
}

describe('add', () => {
  it('keeps a waiting key once, and the order of the first additions', async () => {
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual(['a', 'b', 'c']);
  });

  it('wakes a waiting worker', async () => {
    const taken = queue.take();
    queue.add('a');
    expect(await taken).toBe('a');
  });

  it('holds back a key that is being worked on, and hands it out once when it is done', async () => {
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    const next = queue.take();
    queue.add('b');
    expect(await next).toBe('b');
    queue.done('a');
    expect(await queue.take()).toBe('a');
    queue.done('a');
    expect(await takeReady()).toEqual([]);
  });

  it('does not hold back other keys', async () => {
    queue.add('a');
    queue.add('b');
    expect([await queue.take(), await queue.take()]).toEqual(['a', 'b']);
  });
});

describe('addAfter', () => {
  it.each([
    { name: 'a later delay does not postpone', delays: [100, 300], due: 100 },
    { name: 'an earlier delay comes first', delays: [300, 100], due: 100 },
    { name: 'no delay is now', delays: [0], due: 0 },
  ])('$name', async ({ delays, due }) => {
    for (const delay of delays) queue.addAfter('a', delay);
    let taken: number | undefined;
    void queue.take().then(() => { taken = clock.elapsedMs(); });
    await clock.advance(1000);
    expect(taken).toBe(due);
    queue.done('a');
    expect(await takeReady()).toEqual([]);
  });
});

describe('addRateLimited', () => {
  it('doubles the delay of each key by itself, and starts over when forgotten', async () => {
    const waits: number[] = [];
    const fail = async (key: string): Promise<void> => {
      const from = clock.elapsedMs();
      queue.addRateLimited(key);
      void queue.take().then(() => waits.push(clock.elapsedMs() - from));
      await clock.advance(10_000);
      queue.done(key);
    };
    for (const key of ['a', 'a', 'a', 'b']) await fail(key);
    queue.forget('a');
    await fail('a');
    expect(waits).toEqual([5, 10, 20, 5, 5]);
  });

  it('waits as long as the server asked', async () => {
    queue.addRateLimited('a', 3000);
    let taken = false;
    void queue.take().then(() => { taken = true; });
    await clock.advance(2999);
    expect(taken).toBe(false);
    await clock.advance(1);
    expect(taken).toBe(true);
  });

  it('slows many failing keys down to ten a second after the first hundred', async () => {
    for (let i = 0; i < 120; i += 1) queue.addRateLimited(`k${i}`);
    const taken = await takeReady();
    await clock.advance(99);
    expect(taken).toHaveLength(100);
    await clock.advance(1000);
    expect(taken).toHaveLength(110);
  });
});

describe('shutDown', () => {
  it('wakes the workers with nothing, drops what waits and takes no more', async () => {
    const idle = queue.take();
    queue.addAfter('later', 10);
    queue.shutDown();
    queue.add('a');
    expect([await idle, await queue.take()]).toEqual([undefined, undefined]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('against a model', () => {
  const step = fc.record({ op: fc.constantFrom('add', 'take', 'done'), key: fc.constantFrom('a', 'b', 'c') });

  it('never runs a key twice at a time, and loses no addition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        queue = new WorkQueue({ name: 'model', clock, metrics: createMetrics() });
        const running = new Set<string>();
        const owed = new Set<string>();
        const take = async (): Promise<void> => {
          const takeable = [...owed].some((key) => !running.has(key));
          if (!takeable) return;
          const key = await queue.take();
          expect(key !== undefined && owed.has(key) && !running.has(key)).toBe(true);
          owed.delete(key!);
          running.add(key!);
        };
        for (const { op, key } of steps) {
          if (op === 'add') { queue.add(key); owed.add(key); }
          if (op === 'take') await take();
          if (op === 'done' && running.delete(key)) queue.done(key);
        }
        for (const key of running) queue.done(key);
        running.clear();
        while (owed.size > 0) await take();
        expect(await takeReady()).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
