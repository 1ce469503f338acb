import { describe, expect, it } from 'vitest';
import { sleep, systemClock } from './clock.ts';
import { ManualClock } from './testing/manual-clock.ts';

describe('systemClock', () => {
  it('never counts backwards and calls back after the wait', async () => {
    const before = systemClock.elapsedMs();
    await new Promise<void>((resolve) => systemClock.after(1, resolve));
    expect(systemClock.elapsedMs()).toBeGreaterThanOrEqual(before);
  });

  it('does not fire at once for waits beyond 32 bits', async () => {
    let fired = false;
    const cancel = systemClock.after(2 ** 40, () => { fired = true; });
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    cancel();
    expect(fired).toBe(false);
  });
});

describe('sleep', () => {
  it('ends when the time has passed, not before', async () => {
    const clock = new ManualClock();
    let awake = false;
    void sleep(clock, 100, new AbortController().signal).then(() => { awake = true; });
    await clock.advance(99);
    expect(awake).toBe(false);
    await clock.advance(1);
    expect(awake).toBe(true);
  });

  it.each([{ when: 'before' }, { when: 'during' }])('ends when aborted $when, and leaves no timer behind', async ({ when }) => {
    const clock = new ManualClock();
    const stop = new AbortController();
    if (when === 'before') stop.abort();
    const asleep = sleep(clock, 100, stop.signal);
    stop.abort();
    await asleep;
    expect(clock.pendingTimers).toBe(0);
  });
});
