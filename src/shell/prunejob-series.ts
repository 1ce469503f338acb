/**
 * What /metrics says of every PruneJob as it is now: a row is a metric.
 *
 * A sample without a value is not shown: what is unknown is no zero.
 */
import type { PruneJob, PruneJobStatus, QualityStatus } from '../api/v1alpha1/prunejob.ts';
import { isFinished } from '../prunejob/failure/failure.ts';
import type { ChildJob } from '../prunejob/observed.ts';

export interface Seen {
  readonly pruneJob: PruneJob;
  /** As it is now, which may be newer than the one in `pruneJob`. */
  readonly status: PruneJobStatus;
  readonly childJobs: readonly ChildJob[];
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | undefined;
}

export interface SeriesRow {
  readonly help: string;
  /** Beside namespace and name. */
  readonly labels: readonly string[];
  readonly samples: (seen: Seen) => readonly Sample[];
}

export const seriesRows: Readonly<Record<string, SeriesRow>> = {
  stun_prunejob_info: {
    help: '1, with what the PruneJob is about; no labels but namespace and name where no service is moved.',
    labels: ['service_kind', 'service', 'mode', 'strategy'],
    samples: ({ pruneJob: { spec: { serving } } }) => [{ labels: serving === undefined ? {} : { service_kind: serving.ref.kind, service: serving.ref.name, mode: serving.mode, strategy: serving.strategy }, value: 1 }],
  },
  stun_prunejob_status_phase: {
    // Not 0 for the other thirteen as well: with thousands of PruneJobs that is most of every scrape.
    help: '1 for the phase that the PruneJob is in.',
    labels: ['phase'],
    samples: ({ status: { phase } }) => (phase === undefined ? [] : [{ labels: { phase }, value: 1 }]),
  },
  stun_prunejob_status_condition: {
    help: '1 for each condition, with its status (True, False, Unknown) and its reason as they are now.',
    labels: ['condition', 'status', 'reason'],
    samples: ({ status: { conditions = [] } }) => conditions.map(({ type, status, reason }) => ({ labels: { condition: type, status, reason }, value: 1 })),
  },
  stun_prunejob_progress_timestamp_seconds: {
    help: 'When the PruneJob last moved: the engine reported a step, or a condition changed.',
    labels: [],
    samples: (seen) => [{ value: lastMoved(seen) }],
  },
  stun_prunejob_progress_ratio: {
    help: 'How much of its work the engine has done, from 0 to 1.',
    labels: [],
    samples: ({ status: { progress } }) => [{ value: progress?.percent === undefined ? undefined : progress.percent / 100 }],
  },
  stun_prunejob_estimated_completion_timestamp_seconds: {
    help: 'When the engine will be done, by its own estimate; only while it prunes.',
    labels: [],
    samples: ({ status }) => [{ value: estimatedEnd(status) }],
  },
  stun_prunejob_deadline_timestamp_seconds: {
    help: 'When runner.activeDeadline ends the pruning Job that runs now.',
    labels: [],
    samples: (seen) => [{ value: deadline(seen) }],
  },
  stun_prunejob_completion_timestamp_seconds: {
    help: 'When the PruneJob became Complete or Failed.',
    labels: [],
    samples: ({ status }) => [{ value: completedAt(status) }],
  },
  stun_prunejob_gpus: {
    help: 'GPUs of the service, all replicas together: before and after as planned, and now, as its Deployment said when the run last looked: up to the hand-over.',
    labels: ['when'],
    samples: ({ status: { plan, serving } }) => byWhen({ before: plan?.gpusBefore, after: plan?.gpusAfter, now: serving?.current?.gpus }),
  },
  stun_prunejob_engine_gpus: {
    help: 'GPUs that the pruning pods hold: runner.gpus for each that is on a node.',
    labels: [],
    samples: (seen) => [{ value: prunePods(seen).length * seen.pruneJob.spec.runner.gpus }],
  },
  stun_prunejob_model_bytes: {
    help: 'Bytes of the weights, before and after: as published, or until then as planned.',
    labels: ['when'],
    samples: ({ status: { plan, result } }) => byWhen({ before: result?.bytesBefore ?? plan?.bytesBefore, after: result?.bytesAfter ?? plan?.bytesAfter }),
  },
  stun_prunejob_quality_score: {
    help: 'What the gate measured of the dense and of the pruned model: metric is perplexity (less is better) or the name of a task (share answered well), source who was asked: the engine, or the endpoint of the service.',
    labels: ['metric', 'source', 'when'],
    samples: ({ status: { result } }) => scores(result?.quality ?? {}),
  },
};

function byWhen(values: Readonly<Record<string, number | undefined>>, labels: Readonly<Record<string, string>> = {}): Sample[] {
  return Object.entries(values).map(([when, value]) => ({ labels: { ...labels, when }, value }));
}

function lastMoved({ pruneJob, status: { progress, conditions = [] } }: Seen): number {
  const created = pruneJob.metadata.creationTimestamp;
  const times = [created, progress?.updatedAt ?? created, ...conditions.map((condition) => condition.lastTransitionTime)];
  return Math.max(...times.map(seconds));
}

function estimatedEnd({ phase, progress: { updatedAt, estimatedRemainingSeconds } = {} }: PruneJobStatus): number | undefined {
  if (phase !== 'Pruning' || updatedAt === undefined || estimatedRemainingSeconds === undefined) return undefined;
  return seconds(updatedAt) + estimatedRemainingSeconds;
}

function deadline({ childJobs }: Seen): number | undefined {
  const running = childJobs.find(({ stage, job }) => stage === 'prune' && job.status?.startTime !== undefined && !isFinished(job))?.job;
  const limit = running?.spec?.activeDeadlineSeconds;
  return running?.status?.startTime === undefined || limit === undefined ? undefined : seconds(running.status.startTime) + limit;
}

/** Those on a node that have not ended: the scheduler gives their GPUs to nobody else. */
function prunePods({ childJobs }: Seen): readonly unknown[] {
  const pods = childJobs.filter(({ stage }) => stage === 'prune').flatMap((child) => child.pods);
  return pods.filter(({ spec, status }) => spec?.nodeName !== undefined && (status?.phase === 'Pending' || status?.phase === 'Running'));
}

function completedAt({ conditions = [] }: PruneJobStatus): number | undefined {
  const end = conditions.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
  return end && seconds(end.lastTransitionTime);
}

function scores({ perplexity, tasks = [], endpoint }: QualityStatus): Sample[] {
  return [
    ...byWhen({ before: perplexity?.before, after: perplexity?.after }, { metric: 'perplexity', source: 'engine' }),
    ...tasks.flatMap(({ name = '', before, after }) => byWhen({ before, after }, { metric: name, source: 'engine' })),
    ...(endpoint?.tasks ?? []).flatMap(({ name, before, after }) => byWhen({ before, after }, { metric: name, source: 'endpoint' })),
  ];
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}
