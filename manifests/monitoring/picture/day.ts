/** Six made-up hours of a cluster, minute by minute, told to the operator's own metrics: so the picture shows series as the operator names them. */
import type { Condition, PruneJob, PruneJobStatus } from '../../../src/api/v1alpha1/prunejob.ts';
import type { ChildJob } from '../../../src/prunejob/observed.ts';
import { DomainMetrics } from '../../../src/shell/domain-metrics.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';

export const minutes = 360;
const gib = 2 ** 30;

type Phase = NonNullable<PruneJobStatus['phase']>;

interface Life {
  readonly name: string;
  readonly gpus: readonly [before: number, after: number];
  /** GiB of weights. */
  readonly size: readonly [before: number, after: number];
  readonly perplexity: readonly [before: number, after: number];
  /** Which phase begins in which minute. */
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  readonly reason: string;
  /** From this minute on the engine says nothing new. */
  readonly silentFrom?: number;
}

const lives: readonly Life[] = [
  { name: 'olmoe-1b-7b', gpus: [2, 1], size: [13, 10], perplexity: [8.6, 8.9], phases: { Inspecting: 3, Queued: 4, Pruning: 6, RollingOut: 31, Verifying: 36, Complete: 38 }, reason: 'Finished' },
  { name: 'mixtral-8x22b', gpus: [8, 4], size: [262, 199], perplexity: [4.1, 4.26], phases: { Inspecting: 20, Queued: 21, Pruning: 24, RollingOut: 139, Verifying: 158, Complete: 160 }, reason: 'Finished' },
  { name: 'deepseek-v2', gpus: [8, 8], size: [439, 439], perplexity: [5.2, 5.2], phases: { Inspecting: 90, Failed: 91 }, reason: 'NoGPUSaved' },
  { name: 'phi-moe', gpus: [2, 1], size: [78, 60], perplexity: [6.9, 7.4], phases: { Inspecting: 110, Queued: 111, Pruning: 163, RollingOut: 214, Verifying: 219, RollingBack: 222, Failed: 229 }, reason: 'RolloutFailed' },
  { name: 'qwen3-235b', gpus: [8, 4], size: [438, 334], perplexity: [6.2, 6.41], phases: { Inspecting: 185, Queued: 186, Pruning: 230 }, reason: 'Finished' },
  { name: 'llama4-scout', gpus: [4, 2], size: [203, 155], perplexity: [7.1, 7.3], phases: { Inspecting: 228, Queued: 229, Pruning: 240 }, reason: 'Finished', silentFrom: 318 },
];
const pruningMinutes = 160;

/** OpenMetrics with times, as `promtool tsdb create-blocks-from openmetrics` reads it. */
export async function openMetrics(end: Date): Promise<string> {
  const operator = createMetrics({ ofProcess: false });
  const metrics = new DomainMetrics(operator.registry);
  const before = new Map<string, PruneJobStatus>();
  const lines: string[] = [];
  for (let minute = 0; minute <= minutes; minute += 1) {
    const time = (at: number) => new Date(end.getTime() + (at - minutes) * 60_000);
    for (const life of lives.filter(({ phases }) => minute >= (phases.Inspecting ?? 0))) {
      const status = statusOf(life, minute, time);
      metrics.show({ pruneJob: { ...objectOf(life, time), status: before.get(life.name) ?? {} }, status, childJobs: jobsOf(life, minute, time) });
      before.set(life.name, status);
    }
    keepBusy(operator, minute);
    lines.push(...samples(await operator.registry.metrics(), time(minute)), ...alertsAt(minute, time(minute)));
  }
  return `${lines.join('\n')}\n# EOF\n`;
}

function samples(text: string, time: Date): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => `${line} ${time.getTime() / 1000}`);
}

function phaseAt({ phases }: Life, minute: number): Phase {
  const begun = Object.entries(phases).filter(([, from]) => from <= minute).sort(([, a], [, b]) => b - a);
  return begun[0]?.[0] as Phase;
}

function statusOf(life: Life, minute: number, time: (minute: number) => Date): PruneJobStatus {
  const { phases, gpus: [gpusBefore, gpusAfter], size } = life;
  const phase = phaseAt(life, minute);
  const isPruned = phases.RollingOut !== undefined && minute >= phases.RollingOut;
  return {
    phase,
    conditions: conditionsOf(life, minute, time),
    plan: { gpusBefore, gpusAfter, bytesBefore: size[0] * gib, bytesAfter: size[1] * gib },
    ...progressOf(life, minute, time),
    ...(isPruned ? { result: resultOf(life, phases.RollingOut - (phases.Pruning ?? 0)), serving: { current: { gpus: phase === 'Verifying' || phase === 'Complete' ? gpusAfter : gpusBefore } } } : {}),
  };
}

function progressOf({ phases: { Pruning: begun, RollingOut: ended }, silentFrom = minutes }: Life, minute: number, time: (minute: number) => Date): PruneJobStatus {
  if (begun === undefined || minute < begun) return {};
  const told = Math.min(minute, silentFrom);
  const done = Math.min(1, (told - begun) / (ended === undefined ? pruningMinutes : ended - begun));
  return { progress: { percent: 100 * done, updatedAt: time(told).toISOString(), estimatedRemainingSeconds: Math.round((1 - done) * pruningMinutes * 60) } };
}

function conditionsOf({ phases, reason }: Life, minute: number, time: (minute: number) => Date): Condition[] {
  const condition = (type: string, status: Condition['status'], why: string, from: number): Condition => ({ type, status, reason: why, message: '', lastTransitionTime: time(from).toISOString() });
  const reached = (phase: Phase, type: string, status: Condition['status'], why: string) => {
    const from = phases[phase];
    return from === undefined || from > minute ? [] : [condition(type, status, why, from)];
  };
  return [...reached('Complete', 'Complete', 'True', reason), ...reached('Failed', 'Failed', 'True', reason), ...reached('RollingBack', 'RolledBack', 'True', 'PutBack')];
}

function resultOf({ size, perplexity: [before, after] }: Life, length: number): NonNullable<PruneJobStatus['result']> {
  const stages = [['Inspect', 0.3], ['Experts', length * 0.25], ['Weights', length * 0.6], ['Quality', length * 0.1], ['Publish', length * 0.05]] as const;
  return {
    uri: 's3://models/pruned/', bytesBefore: size[0] * gib, bytesAfter: size[1] * gib, stages: stages.map(([stage, took]) => ({ stage, seconds: took * 60 })),
    quality: { perplexity: { before, after, increase: after / before - 1, upperBound: after / before - 0.99, tokens: 131_072, accepted: true } },
  };
}

function objectOf({ name }: Life, time: (minute: number) => Date): PruneJob {
  const metadata = { namespace: 'ml', name, uid: name, creationTimestamp: time(0).toISOString() };
  const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name };
  return { metadata, spec: { runner: { gpus: 1 }, serving: { ref, mode: 'Apply', strategy: 'Canary' } } } as unknown as PruneJob;
}

function jobsOf(life: Life, minute: number, time: (minute: number) => Date): ChildJob[] {
  if (phaseAt(life, minute) !== 'Pruning') return [];
  const job = { metadata: { name: `${life.name}-prune-1` }, spec: { activeDeadlineSeconds: 6 * 3600 }, status: { startTime: time(life.phases.Pruning ?? 0).toISOString() } };
  return [{ stage: 'prune', attempt: 1, job, pods: [{ spec: { nodeName: 'h100-1' }, status: { phase: 'Running' } }] }] as unknown as ChildJob[];
}

/** As busy as an operator of six runs is: a little, in waves. */
function keepBusy(operator: ReturnType<typeof createMetrics>, minute: number): void {
  const turns = 8 + Math.round(5 * Math.sin(minute / 17)) + (minute % 7);
  const controller = 'prunejob';
  operator.leading.set({ name: 'stun-operator' }, 1);
  operator.reconciles.inc({ controller, result: 'success' }, turns);
  operator.reconciles.inc({ controller, result: 'requeue_after' }, Math.round(turns / 3));
  operator.reconcileErrors.inc({ controller }, 0);
  operator.requests.inc({ code: '200', method: 'GET', host: 'api' }, 2 * turns);
  if (minute % 90 === 40) operator.requests.inc({ code: '409', method: 'PATCH', host: 'api' });
  operator.depth.set({ name: controller, controller }, minute % 23 === 0 ? 2 : 0);
  for (let turn = 0; turn < turns; turn += 1) {
    operator.reconcileSeconds.observe({ controller }, 0.004 + 0.011 * ((turn * 7 + minute) % 11) / 11);
    operator.queueSeconds.observe({ name: controller, controller }, 0.0004 + 0.003 * ((turn * 5 + minute) % 13) / 13);
  }
}

function alertsAt(minute: number, time: Date): string[] {
  const stalled = lives.find(({ silentFrom = Infinity }) => minute > silentFrom + 30);
  if (stalled === undefined) return [];
  return [`ALERTS{alertname="PruneJobStalled",alertstate="firing",severity="warning",namespace="ml",name="${stalled.name}"} 1 ${time.getTime() / 1000}`];
}
