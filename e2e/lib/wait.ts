/** Waits for a condition, never for a time: the only place in the end-to-end tests that polls. */
import { setTimeout as pause } from 'node:timers/promises';

const pollEveryMs = 500;

export class WaitTimeout extends Error {
  override readonly name = 'WaitTimeout';
}

/**
 * Asks until the answer is neither undefined nor false, and gives it.
 * `what` completes the sentence "Waited 60 s for ...", `lastSeen` adds what was there instead.
 */
export async function waitFor<T>(
  what: string,
  timeoutSeconds: number,
  ask: () => Promise<T | undefined | false>,
  lastSeen: () => string = () => '',
): Promise<T> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new WaitTimeout(`Waited ${timeoutSeconds} s for ${what}. ${lastSeen()}`.trim());
    await pause(pollEveryMs);
  }
}
