/** A service whose kind has no field for the way of replacing pods that the strategy needs. */
import type { Failure } from './failure.ts';
import type { Run } from './run.ts';
import type { ServiceObserved } from './serving/adapter.ts';

export function strategyRefused({ spec: { serving } }: Run, { strategies }: ServiceObserved): Failure | undefined {
  if (serving?.strategy !== 'Recreate' || strategies.includes('Recreate')) return undefined;
  return {
    reason: 'UnsupportedService',
    message: `${serving.ref.kind} ${serving.ref.name} has no field that makes its old pods go first. Use serving.strategy: Surge, which needs GPUs for one new replica beside the old ones.`,
  };
}
