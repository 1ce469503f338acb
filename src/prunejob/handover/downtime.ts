/** How long a service had no pod: strategy Recreate lets the old ones go first, and its price is told. */
import type { RolloutStatus } from '../../api/v1alpha1/prunejob.ts';
import { elapsedMs, rfc3339, type Run } from '../run.ts';
import type { Running } from '../serving/adapter.ts';

/** As seen: from the first look without an available pod to the first one with one again, which is of the new template. */
export function withDowntime(run: Run, { availableReplicas = 0 }: Running, rollout: RolloutStatus): RolloutStatus {
  const { strategy, downSince, downtimeSeconds } = rollout;
  if (strategy !== 'Recreate' || downtimeSeconds !== undefined) return rollout;
  if (downSince === undefined) return availableReplicas > 0 ? rollout : { ...rollout, downSince: rfc3339(run.now) };
  return availableReplicas > 0 ? { ...rollout, downtimeSeconds: Math.round(elapsedMs(run, downSince) / 1000) } : rollout;
}
