/**
 * Waits for a condition in the real world, where no clock can be turned.
 */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** Resolves with the first answer that is not undefined; rejects with a sentence after `withinMs`. */
export async function eventually<T>(what: string, ask: () => T | undefined | Promise<T | undefined>, withinMs = 30_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`It did not happen within ${withinMs / 1000} s: ${what}.`);
    await delay(POLL_MS);
  }
}

/** `undefined` where false, for `eventually`. */
export function when(condition: boolean): true | undefined {
  return condition ? true : undefined;
}
