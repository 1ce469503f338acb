/**
 * What happened to PruneJobs since this process leads: counted once, when the status that tells of it is written.
 *
 * These outlive their objects, so no label holds an object's name.
 */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { PruneJobStatus } from '../api/v1alpha1/prunejob.ts';

const prefix = 'stun_prunejob_';
/** Ten seconds of a toy model to half a day of a large one. */
const stageBuckets = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200];
/** The engine's image may be the user's own: a name that it invents must not become a series for ever. */
const stages = ['Inspect', 'Experts', 'Weights', 'Quality', 'Publish'];

export class PruneJobCounts {
  readonly #finished: Counter<'phase' | 'reason'>;
  readonly #rollbacks: Counter<'reason'>;
  readonly #published: Counter;
  readonly #stages: Histogram<'stage'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#finished = new Counter({ name: `${prefix}finished_total`, help: 'PruneJobs that became Complete or Failed, by reason.', labelNames: ['phase', 'reason'], registers });
    this.#rollbacks = new Counter({ name: `${prefix}rollbacks_total`, help: 'Services that were put back to their previous model, by why.', labelNames: ['reason'], registers });
    this.#published = new Counter({ name: `${prefix}published_bytes_total`, help: 'Bytes of the weights of published models.', registers });
    this.#stages = new Histogram({ name: `${prefix}stage_duration_seconds`, help: 'How long a stage of the engine took, in runs that came to their end.', labelNames: ['stage'], buckets: stageBuckets, registers });
  }

  /** From the status that was read to the one that was written over it. */
  count(before: PruneJobStatus, after: PruneJobStatus): void {
    for (const phase of ['Complete', 'Failed']) {
      const reason = turnedTrue(before, after, phase);
      if (reason !== undefined) this.#finished.inc({ phase, reason });
    }
    if (after.phase === 'RollingBack' && before.phase !== 'RollingBack') this.#rollbacks.inc({ reason: conditionOf(after, 'RolledBack')?.reason ?? 'Unknown' });
    if (before.result === undefined && after.result !== undefined) this.#countResult(after.result);
  }

  #countResult({ reused, bytesAfter = 0, stages: timed = [] }: NonNullable<PruneJobStatus['result']>): void {
    if (reused === true) return;
    this.#published.inc(bytesAfter);
    for (const { stage, seconds } of timed) this.#stages.observe({ stage: stages.includes(stage) ? stage : 'Other' }, seconds);
  }
}

function turnedTrue(before: PruneJobStatus, after: PruneJobStatus, type: string): string | undefined {
  const now = conditionOf(after, type);
  return now?.status === 'True' && conditionOf(before, type)?.status !== 'True' ? now.reason : undefined;
}

function conditionOf({ conditions = [] }: PruneJobStatus, type: string) {
  return conditions.find((condition) => condition.type === type);
}
