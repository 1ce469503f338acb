/** Whether new pods show that they will not come to run: then a rollout ends at once, and not only when its time is over. */
import { elapsedMs, type Run } from '../run.ts';
import type { Running, ServiceFields } from '../serving/adapter.ts';
import { durationMs } from '../units.ts';

/** An image that is pushed, or a pull secret that GitOps creates, a little later than the service asks for it. */
const patienceMs = durationMs('2m');

/** As a sentence. A sign of failure counts only for pods of the pruned model. */
export function failureOf(run: Run, { failure, stuck, modelUri }: Running, target: ServiceFields): string | undefined {
  if (modelUri !== target.modelUri) return undefined;
  const why = failure ?? (stuck !== undefined && elapsedMs(run, stuck.since) > patienceMs ? stuck.message : undefined);
  return why && `${why.replace(/[.\s]*$/, '')}.`;
}
