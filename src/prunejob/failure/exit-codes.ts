/** What the engine's exit codes mean to the operator; the Job's podFailurePolicy is made from the same table. */
import type { FailedReason } from '../../api/conditions.ts';
import type { Retry } from './row.ts';

export interface Exit {
  /** Where the engine left no message that names a better one. */
  readonly reason: FailedReason;
  readonly retry: Retry;
}

const exits: Readonly<Record<number, Exit>> = {
  2: { reason: 'RecipeInvalid', retry: 'Never' },
  3: { reason: 'StorageUnavailable', retry: 'Try' },
  4: { reason: 'QualityRefused', retry: 'Never' },
  5: { reason: 'OutOfGPUMemory', retry: 'Never' },
  6: { reason: 'GPUFailed', retry: 'Elsewhere' },
  137: { reason: 'Killed', retry: 'Try' },
  143: { reason: 'Interrupted', retry: 'Try' },
};

/** Also of codes that only a newer engine knows. */
const unknown: Exit = { reason: 'Internal', retry: 'Try' };

export function exitOf(code: number | undefined): Exit {
  return (code === undefined ? undefined : exits[code]) ?? unknown;
}

/** Another pod of the same Job would fail alike: it has the same recipe and may land on the same node. */
export const finalExitCodes: readonly number[] = Object.entries(exits)
  .filter(([, { retry }]) => retry === 'Never' || retry === 'Elsewhere')
  .map(([code]) => Number(code));
