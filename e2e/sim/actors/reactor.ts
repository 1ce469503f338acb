/** How every controller of a cluster works: something changed, so after a moment look at that key again, once. */
import type { Scheduler } from '../clock/scheduler.ts';
import type { Random } from '../random.ts';

export class Reactor {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #look: (key: string) => void;
  readonly #pending = new Set<string>();

  constructor(scheduler: Scheduler, random: Random, look: (key: string) => void) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#look = look;
  }

  poke(key: string, leastMs = 20, mostMs = 800): void {
    if (this.#pending.has(key)) return;
    this.#pending.add(key);
    this.#scheduler.after(this.#random.between(leastMs, mostMs), () => {
      this.#pending.delete(key);
      this.#look(key);
    });
  }
}
