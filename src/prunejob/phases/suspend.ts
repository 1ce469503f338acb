/**
 * Suspended: the Jobs go, what is published stays.
 *
 * The child Job is deleted, because its `spec.suspend` belongs to the queueing system; the next one gets another attempt number.
 */
import type { ConditionUpdate } from '../../api/conditions.ts';
import { isFinished } from '../failure/failure.ts';
import { conditionOf, holds, isRollingOut, latestChild, type Run } from '../run.ts';
import { stopJobs, type Step } from '../step.ts';
import { startPutBack } from './put-back.ts';

export function suspend(run: Run): Step | undefined {
  if (run.spec.suspend !== true) return undefined;
  if (isRollingOut(run)) return startPutBack(run, { reason: 'Suspended', message: 'The run was suspended during the rollout.' });
  const child = latestChild(run, 'prune');
  return {
    phase: 'Suspended',
    conditions: [
      ...halted(run),
      { type: 'Suspended', status: 'True', reason: 'Suspended', message: 'No pod runs; spec.suspend: false goes on with the run.' },
    ],
    actions: stopJobs(run),
    ...(child === undefined || isFinished(child.job) ? {} : { set: { attempt: child.attempt + 1 } }),
  };
}

/** Nothing is under way while the run is suspended, and nobody looks for what was missing: it may be there by now. */
function halted(run: Run): ConditionUpdate[] {
  const said = { reason: 'Suspended', message: 'The run is suspended.' } as const;
  const halts = (type: 'Planned' | 'Pruned', statuses: readonly string[]): boolean => statuses.includes(conditionOf(run, type)?.status ?? '');
  return [
    ...(halts('Planned', ['False', 'Unknown']) ? [{ type: 'Planned', status: 'Unknown', ...said } as const] : []),
    ...(halts('Pruned', ['Unknown']) ? [{ type: 'Pruned', status: 'Unknown', ...said } as const] : []),
    ...(conditionOf(run, 'Queued') === undefined || hasEnded(run) ? [] : [{ type: 'Queued', status: 'False', ...said } as const]),
  ];
}

/** Then no later step would say again that nothing waits. */
function hasEnded(run: Run): boolean {
  const child = latestChild(run, 'prune');
  return holds(run, 'Published') || (child !== undefined && isFinished(child.job));
}
