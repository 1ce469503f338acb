/**
 * What alerts and dashboards read of PruneJobs.
 *
 * The series of an object live as long as the object: object names as labels are affordable only because they are removed with it.
 */
import { Gauge, type Registry } from 'prom-client';
import type { PruneJob, PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import { splitKey } from '../runtime/keys.ts';
import type { Key } from '../runtime/types.ts';

/** A record, so that a new phase without a series does not compile. */
const everyPhase: Readonly<Record<NonNullable<PruneJobStatus['phase']>, true>> = {
  Pending: true, Inspecting: true, Planned: true, Queued: true, Pruning: true, Published: true, RollingOut: true, Verifying: true,
  Emitted: true, RollingBack: true, RolledBack: true, Suspended: true, Complete: true, Failed: true,
};
const phases = Object.keys(everyPhase);
const moments = ['before', 'after', 'now'] as const;

const object = ['namespace', 'name'] as const;

export class DomainMetrics {
  readonly #phase: Gauge<'namespace' | 'name' | 'phase'>;
  readonly #progress: Gauge<'namespace' | 'name'>;
  readonly #completion: Gauge<'namespace' | 'name'>;
  readonly #gpus: Gauge<'namespace' | 'name' | 'when'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#phase = new Gauge({ name: 'stun_prunejob_status_phase', help: '1 for the phase that the PruneJob is in, 0 for the others.', labelNames: [...object, 'phase'], registers });
    this.#progress = new Gauge({ name: 'stun_prunejob_progress_timestamp_seconds', help: 'When the PruneJob last moved: the engine reported a step, or a condition changed.', labelNames: object, registers });
    this.#completion = new Gauge({ name: 'stun_prunejob_completion_timestamp_seconds', help: 'When the PruneJob became Complete or Failed.', labelNames: object, registers });
    this.#gpus = new Gauge({ name: 'stun_prunejob_gpus', help: 'GPUs of the service, all replicas together: before and after as planned, and now, as its Deployment says.', labelNames: [...object, 'when'], registers });
  }

  /** The status as it is now, which may be newer than the one in `pruneJob`. */
  show({ metadata }: PruneJob, status: PruneJobStatus): void {
    const labels = { namespace: metadata.namespace, name: metadata.name };
    for (const phase of phases) this.#phase.set({ ...labels, phase }, status.phase === phase ? 1 : 0);
    this.#progress.set(labels, lastMoved(status, metadata.creationTimestamp));
    const completion = completedAt(status);
    if (completion !== undefined) this.#completion.set(labels, completion);
    const gpus = { before: status.plan?.gpusBefore, after: status.plan?.gpusAfter, now: status.serving?.current?.gpus };
    for (const when of moments) if (gpus[when] !== undefined) this.#gpus.set({ ...labels, when }, gpus[when]);
  }

  forget(key: Key): void {
    const { namespace = '', name } = splitKey(key);
    for (const phase of phases) this.#phase.remove({ namespace, name, phase });
    this.#progress.remove({ namespace, name });
    this.#completion.remove({ namespace, name });
    for (const when of moments) this.#gpus.remove({ namespace, name, when });
  }
}

function lastMoved({ progress, conditions = [] }: PruneJobStatus, created: string): number {
  const times = [created, progress?.updatedAt ?? created, ...conditions.map((condition) => condition.lastTransitionTime)];
  return Math.max(...times.map(seconds));
}

function completedAt({ conditions = [] }: PruneJobStatus): number | undefined {
  const end = conditions.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
  return end && seconds(end.lastTransitionTime);
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}
