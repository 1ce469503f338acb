/**
 * The clock of one process: its wall clock may be wrong and may jump, its monotonic one only starts somewhere of its own.
 */
import type { Clock } from '../../../src/runtime/clock.ts';
import type { Life } from '../process/life.ts';
import type { Scheduler } from './scheduler.ts';

export class ProcessClock implements Clock {
  /** How far the wall clock is ahead of the truth. */
  skewMs = 0;
  readonly #scheduler: Scheduler;
  readonly #life: Life;
  readonly #bornAt: number;

  constructor(scheduler: Scheduler, life: Life) {
    this.#scheduler = scheduler;
    this.#life = life;
    this.#bornAt = scheduler.elapsedMs;
  }

  now(): Date {
    return new Date(this.#scheduler.now().getTime() + this.skewMs);
  }

  elapsedMs(): number {
    return this.#scheduler.elapsedMs - this.#bornAt;
  }

  /** A timer that was cancelled while the process stood still must not fire when it goes on. */
  after(ms: number, run: () => void): () => void {
    let cancelled = false;
    const fire = (): void => { if (!cancelled) run(); };
    const cancel = this.#scheduler.wakeAfter(ms, () => { this.#life.deliver(fire); });
    return () => {
      cancelled = true;
      cancel();
    };
  }
}
