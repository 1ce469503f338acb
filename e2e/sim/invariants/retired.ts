/** A canary goes when the service runs its model: it holds GPUs that nobody needs any more. */
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import type { Rule } from './invariant.ts';
import { isOf, type Service } from './questions.ts';

/** Longer than what lies in the operator's way here, and shorter than the timeout at which it would undo all. */
const withinMs = 120_000;

export const retired: Rule = ({ scheduler, violated }) => {
  /** Since when a service and its canary run the same. */
  const doubled = new Map<string, number>();
  return {
    committed: ({ type, key, after }) => {
      if (!isOf({ type }, inferenceServiceType) || after === undefined) return;
      if (!isDoubled(after)) doubled.delete(key);
      else if (!doubled.has(key)) watch(key, scheduler.elapsedMs);
    },
  };

  function watch(key: string, since: number): void {
    doubled.set(key, since);
    scheduler.after(withinMs, () => {
      if (doubled.get(key) === since) violated('the canary goes when it has done its work', `Service ${key} has run the model of its canary for ${withinMs / 1000} s, and the canary is still there.`);
    });
  }
};

function isDoubled({ spec: { predictor, canary = [] } = {}, status }: Service): boolean {
  const doubles = canary.some((entry) => entry.predictor?.model?.storageUri === predictor?.model?.storageUri);
  return doubles && status?.modelStatus?.transitionStatus === 'UpToDate';
}
