/**
 * Suspended: the Jobs go, what is published stays.
 *
 * The child Job is deleted, because its `spec.suspend` belongs to the queueing system; the next one gets another attempt number.
 */
import { isFinished } from '../failure.ts';
import { conditionOf, isRollingOut, latestChild, type Run } from '../run.ts';
import { stopJobs, type Step } from '../step.ts';
import { startPutBack } from './put-back.ts';

export function suspend(run: Run): Step | undefined {
  if (run.spec.suspend !== true) return undefined;
  if (isRollingOut(run)) return startPutBack(run, { reason: 'Suspended', message: 'The run was suspended during the rollout.' });
  const child = latestChild(run, 'prune');
  return {
    phase: 'Suspended',
    conditions: [
      // Nobody looks for what was missing while the run is suspended; it may be there by now.
      ...(conditionOf(run, 'Planned')?.status === 'False' ? [{ type: 'Planned', status: 'Unknown', reason: 'Suspended', message: 'The run is suspended.' } as const] : []),
      { type: 'Suspended', status: 'True', reason: 'Suspended', message: 'No pod runs; spec.suspend: false goes on with the run.' },
    ],
    actions: stopJobs(run),
    ...(child === undefined || isFinished(child.job) ? {} : { set: { attempt: child.attempt + 1 } }),
  };
}
