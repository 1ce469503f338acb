import { describe, expect, it } from 'vitest';
import { Backoff, Bucket, exponentialMs } from './backoff.ts';
import { ManualClock } from './testing/manual-clock.ts';

describe('exponentialMs', () => {
  it.each([
    { failures: 0, expected: 5 },
    { failures: 1, expected: 10 },
    { failures: 10, expected: 5120 },
    { failures: 30, expected: 1_000_000 },
    { failures: 5000, expected: 1_000_000 },
  ])('$failures failures: $expected ms', ({ failures, expected }) => {
    expect(exponentialMs({ initialMs: 5, maxMs: 1_000_000 }, failures)).toBe(expected);
  });
});

describe('Backoff', () => {
  it('doubles, lengthens by the jitter, and starts over after a reset', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 300, jitter: 0.5, random: () => 0.5 });
    expect([backoff.nextMs(), backoff.nextMs(), backoff.nextMs()]).toEqual([125, 250, 375]);
    backoff.reset();
    expect(backoff.nextMs()).toBe(125);
  });
});

describe('Bucket', () => {
  it('gives its burst at once and then one token per interval', async () => {
    const clock = new ManualClock();
    const bucket = new Bucket(clock, { perSecond: 10, burst: 2 });
    expect([bucket.takeMs(), bucket.takeMs(), bucket.takeMs(), bucket.takeMs()]).toEqual([0, 0, 100, 200]);
    await clock.advance(10_000);
    expect([bucket.takeMs(), bucket.takeMs(), bucket.takeMs()]).toEqual([0, 0, 100]);
  });

  it('refuses instead of lending where asked to try', async () => {
    const clock = new ManualClock();
    const bucket = new Bucket(clock, { perSecond: 1, burst: 1 });
    expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false]);
    await clock.advance(1000);
    expect(bucket.tryTake()).toBe(true);
  });
});
