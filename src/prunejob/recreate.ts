/**
 * A service that Recreate cannot move: server-side apply leaves what other managers set in place, and Kubernetes refuses a Deployment
 * with both Recreate and rollingUpdate.
 */
import type { Failure } from './failure.ts';
import type { Run } from './run.ts';
import type { ServiceObserved } from './serving/adapter.ts';

export function recreateRefused({ spec: { serving } }: Run, { fields }: ServiceObserved): Failure | undefined {
  if (serving?.strategy !== 'Recreate' || fields.deploymentStrategy?.rollingUpdate === undefined) return undefined;
  return {
    reason: 'UnsupportedService',
    message: `${serving.ref.kind} ${serving.ref.name} sets spec.predictor.deploymentStrategy.rollingUpdate, which Kubernetes refuses beside Recreate. Remove it from the service, or use serving.strategy: Surge.`,
  };
}
