/**
 * Whether a process runs, stands still or is gone. Everything that reaches it from outside (timers, answers, watch events) goes through here.
 *
 * What is abandoned is not stopped from within: its promises just never resolve again, as nothing of a killed process ever runs again.
 */
import type { Scheduler } from '../clock/scheduler.ts';

export class Life {
  readonly #scheduler: Scheduler;
  #state: 'Running' | 'Paused' | 'Gone' = 'Running';
  #backlog: (() => void)[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get gone(): boolean {
    return this.#state === 'Gone';
  }

  get paused(): boolean {
    return this.#state === 'Paused';
  }

  deliver(run: () => void): void {
    if (this.#state === 'Running') run();
    else if (this.#state === 'Paused') this.#backlog.push(run);
  }

  end(): void {
    this.#state = 'Gone';
    this.#backlog = [];
  }

  pause(): void {
    if (this.#state === 'Running') this.#state = 'Paused';
  }

  /** What came in the meantime is worked off one by one, as an event loop does. */
  resume(): void {
    if (this.#state !== 'Paused') return;
    this.#state = 'Running';
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const run of backlog) this.#scheduler.wakeAfter(0, () => { this.deliver(run); });
  }
}
