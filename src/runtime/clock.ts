/**
 * Time as a parameter: every wait of the runtime goes through a `Clock`, so that tests and simulations turn it by hand.
 *
 * Two readings on purpose: `now` is what objects carry and may jump; `elapsedMs` only grows, and is the one that deadlines are judged by.
 */

export interface Clock {
  now(): Date;
  elapsedMs(): number;
  /** Returns what cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** setTimeout takes 32 bits and fires at once beyond them. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS));
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Resolves after `ms`, or at once when aborted: callers look at the signal, so an abort is no error. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener('abort', finish);
  });
}

/** Kubernetes' MicroTime wants six digits after the point. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
