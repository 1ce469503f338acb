/**
 * What Kueue says of the Job that it holds back: one small list, while there is such a Job.
 *
 * No watch, because a cluster without Kueue has no such kind, and what Kueue holds for other people is most of what there is.
 */
import { isBeingDeleted } from '../prunejob/run.ts';
import type { ChildJob } from '../prunejob/observed.ts';
import { isHeld, jobUidLabel, queueOf, workloadType, type Workload, type WorkloadState } from '../prunejob/queue/kueue.ts';
import { isForbidden, isNotFound } from '../runtime/errors.ts';
import type { Client } from '../runtime/types.ts';

export async function workloadOf(client: Pick<Client, 'list'>, childJobs: readonly ChildJob[]): Promise<WorkloadState | undefined> {
  const held = childJobs.find((child) => isHeld(child.job) && queueOf(child.job) !== undefined && !isBeingDeleted(child));
  if (held === undefined) return undefined;
  const { namespace = '', uid = '' } = held.job.metadata;
  try {
    const { items } = await client.list<Workload>(workloadType, { namespace, labelSelector: `${jobUidLabel}=${uid}` });
    return items[0] ?? 'None';
  } catch (error) {
    if (isNotFound(error)) return 'NoKueue';
    if (isForbidden(error)) return 'NotRead';
    throw error;
  }
}
