/**
 * Notices a connection on which nothing comes any more.
 */
import type { Clock } from './clock.ts';

/** Aborts when nothing was heard for too long: a peer that vanished without closing the connection sends no error, ever. */
export class SilenceGuard {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #controller = new AbortController();
  #cancel: () => void;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#cancel = this.#arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  heard(): void {
    this.#cancel();
    this.#cancel = this.#arm();
  }

  end(): void {
    this.#cancel();
  }

  #arm(): () => void {
    return this.#clock.after(this.#limitMs, () => { this.#controller.abort(); });
  }
}
