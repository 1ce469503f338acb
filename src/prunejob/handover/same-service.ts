/**
 * Two PruneJobs of one service: the later one waits until the earlier one has moved it, or put it back.
 *
 * Both may have begun before either could see the other, so each looks again before its first write: then the one that goes before the
 * other waits for it to give way. It is waited for without limit, because every rollout has a timeout of its own.
 */
import type { PruneJob } from '../../api/v1alpha1/prunejob.ts';
import { isTrue } from '../kube.ts';
import type { SameService } from '../observed.ts';
import { isBound, rolloutOf, type Run } from '../run.ts';
import { lookAgainMs, type Step } from '../step.ts';

/** From the saved fields until the service is moved or put back. */
export function isMoving({ status }: PruneJob): boolean {
  if (status?.serving?.rollout?.startedAt === undefined) return false;
  const back = status.conditions?.find(({ type }) => type === 'RolledBack');
  if (back?.status === 'Unknown') return back.reason !== 'PutBack' || !isOver(status.conditions);
  return back === undefined && !isOver(status.conditions);
}

function isOver(conditions: NonNullable<PruneJob['status']>['conditions']): boolean {
  return isTrue(conditions, 'Served') || isTrue(conditions, 'Complete') || isTrue(conditions, 'Failed');
}

/**
 * Who is bound goes first, then who rolls back after its end, then who began first; of two of the same second, the older PruneJob, then the
 * one whose uid sorts first.
 */
export function moveRank({ metadata, status }: PruneJob): string {
  const rollout = status?.serving?.rollout ?? {};
  const turn = isTrue(status?.conditions, 'Complete') ? 1 : isBound(rollout) ? 0 : 2;
  return [turn, rollout.startedAt ?? '~', metadata.creationTimestamp, metadata.uid].join(' ');
}

export function because({ namespace, name }: SameService): { readonly reason: 'SameServiceInProgress'; readonly message: string } {
  return { reason: 'SameServiceInProgress', message: `PruneJob ${namespace}/${name} moves the same service; this one goes on when that is over.` };
}

/** What is half moved is nothing to plan with. */
export function waitToPlan({ observed: { sameService } }: Run): Step | undefined {
  if (sameService === undefined) return undefined;
  return { phase: 'Pending', conditions: [{ type: 'Planned', status: 'False', ...because(sameService) }], requeueAfterMs: lookAgainMs };
}

/** Before the rollout begins, and again before its first write. */
export function waitForOther(run: Run): Step | undefined {
  const { sameService } = run.observed;
  if (sameService === undefined) return undefined;
  const waits = { conditions: [{ type: 'Served', status: 'False', ...because(sameService) }], requeueAfterMs: lookAgainMs } as const;
  const givesWay = sameService.first || rolloutOf(run).startedAt === undefined;
  return givesWay ? { phase: 'Published', ...waits, clear: ['serving'] } : { phase: 'RollingOut', ...waits };
}
