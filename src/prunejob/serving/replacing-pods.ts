/** How a rollout tells a Deployment to replace its pods. */
import type { RolloutStrategy } from './adapter.ts';

type DeploymentStrategy = Readonly<Record<string, unknown>>;

/**
 * The trap is `type: Recreate` over a `rollingUpdate`, which the API server sets by default: it refuses both together, and server-side
 * apply cannot take away what another manager set. A rolling update that may do without any old pod and without any new one too many
 * lets the old pods go first as well; it needs no field to vanish, neither now nor on the way back.
 */
export function replacingPods(strategy: RolloutStrategy, own: DeploymentStrategy | undefined): DeploymentStrategy {
  // The old pods must not go before the new ones serve: with whole GPUs there is no half a replica.
  if (strategy !== 'Recreate') return { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  if (own?.rollingUpdate === undefined) return { type: 'Recreate' };
  return { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } };
}
