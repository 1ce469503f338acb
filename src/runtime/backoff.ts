/**
 * Growing delays. Pure but for the injected randomness; who waits them out is the caller's affair.
 */
import type { Clock } from './clock.ts';

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** 0.5 lengthens a delay by up to half, so that many watchers do not come back at the same instant. */
  readonly jitter: number;
  readonly random: () => number;
}

/** Beyond this exponent every delay is capped anyway, and 2**n would leave the integers. */
const LARGEST_EXPONENT = 40;

export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  nextMs(): number {
    const { initialMs, maxMs, jitter, random } = this.#options;
    const delay = exponentialMs({ initialMs, maxMs }, this.#failures);
    this.#failures += 1;
    return delay * (1 + jitter * random());
  }

  reset(): void {
    this.#failures = 0;
  }
}

export function exponentialMs({ initialMs, maxMs }: { readonly initialMs: number; readonly maxMs: number }, failures: number): number {
  return Math.min(maxMs, initialMs * 2 ** Math.min(failures, LARGEST_EXPONENT));
}

/** A token bucket that never refuses: it says how long to wait for the token it hands out. */
export class Bucket {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  constructor(clock: Clock, { perSecond, burst }: { readonly perSecond: number; readonly burst: number }) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#filledAt = clock.elapsedMs();
  }

  takeMs(): number {
    this.#fill();
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#perSecond) * 1000;
  }

  /** Takes a token only where one is there. */
  tryTake(): boolean {
    this.#fill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** As good as a new one. */
  get full(): boolean {
    this.#fill();
    return this.#tokens >= this.#burst;
  }

  #fill(): void {
    const now = this.#clock.elapsedMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
  }
}
