/**
 * An action of best effort is done once and then given up: that once must not be lost to a moment's trouble of the API server, because
 * what gives up a service lets go of it in the same turn.
 */
import type { Clock } from '../runtime/clock.ts';
import { isTransient } from '../runtime/errors.ts';
import type { Act } from './act.ts';

const tries = 5;
const firstPauseMs = 500;

export function withLastTry(act: Act, clock: Clock): Act {
  return async (action, pruneJob) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act(action, pruneJob);
      } catch (error) {
        if (!('bestEffort' in action) || !isTransient(error) || attempt === tries) throw error;
        await pause(clock, firstPauseMs * 2 ** (attempt - 1));
      }
    }
  };
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => { clock.after(ms, resolve); });
}
