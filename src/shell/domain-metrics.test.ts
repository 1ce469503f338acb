import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Condition, PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { ChildJob } from '../prunejob/observed.ts';
import { DomainMetrics } from './domain-metrics.ts';
import { seriesRows } from './prunejob-series.ts';
import { job, podOf, pruneJob, servedPruneJob } from './testing/samples.ts';

const started = '2026-01-01T01:00:00Z';
const at = (time: string) => Date.parse(time) / 1000;
const condition = (type: string, status: Condition['status'], reason: string): Condition => ({ type, status, reason, message: 'm', lastTransitionTime: '2026-01-01T02:00:00Z' });
const result = { uri: 's3://models/pruned/', bytesBefore: 100, bytesAfter: 60, stages: [{ stage: 'Experts', seconds: 40 }, { stage: 'Secret', seconds: 1 }] };

function child(stage: ChildJob['stage'], { phase = 'Running', nodeName = 'a', finished = false } = {}): ChildJob {
  const parent = job(pruneJob('mixtral'), stage);
  const conditions = finished ? [{ type: 'Complete', status: 'True' }] : [];
  return { stage, attempt: 1, job: { ...parent, spec: { activeDeadlineSeconds: 600 }, status: { startTime: started, conditions } }, pods: [{ ...podOf(parent, { phase }), ...(nodeName === '' ? {} : { spec: { nodeName } }) }] };
}

describe('DomainMetrics', () => {
  let registry: Registry;
  let metrics: DomainMetrics;
  beforeEach(() => {
    registry = new Registry();
    metrics = new DomainMetrics(registry);
  });

  /** As /metrics prints them, without the labels that every one has. */
  const lines = async (name: string) => {
    const text = await registry.metrics();
    return text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)).map((line) => line.replace('namespace="ml",name="mixtral"', ''));
  };

  it.each<{ name: string; status: PruneJobStatus; childJobs?: ChildJob[]; shows: string[] }>([
    { name: 'info', status: {}, shows: ['{} 1'] },
    { name: 'status_condition', status: { conditions: [condition('Failed', 'True', 'QualityRefused')] }, shows: ['{,condition="Failed",status="True",reason="QualityRefused"} 1'] },
    { name: 'progress_timestamp_seconds', status: {}, shows: [`{} ${at('2026-01-01T00:00:00Z')}`] },
    { name: 'progress_timestamp_seconds', status: { progress: { updatedAt: started } }, shows: [`{} ${at(started)}`] },
    { name: 'progress_ratio', status: { progress: { percent: 30 } }, shows: ['{} 0.3'] },
    { name: 'progress_ratio', status: {}, shows: [] },
    { name: 'estimated_completion_timestamp_seconds', status: { phase: 'Pruning', progress: { updatedAt: started, estimatedRemainingSeconds: 60 } }, shows: [`{} ${at('2026-01-01T01:01:00Z')}`] },
    { name: 'estimated_completion_timestamp_seconds', status: { phase: 'Published', progress: { updatedAt: started, estimatedRemainingSeconds: 60 } }, shows: [] },
    { name: 'deadline_timestamp_seconds', status: {}, childJobs: [child('inspect', { finished: true }), child('prune')], shows: [`{} ${at('2026-01-01T01:10:00Z')}`] },
    { name: 'deadline_timestamp_seconds', status: {}, childJobs: [child('inspect'), child('prune', { finished: true })], shows: [] },
    { name: 'completion_timestamp_seconds', status: { conditions: [condition('Complete', 'True', 'Finished')] }, shows: [`{} ${at('2026-01-01T02:00:00Z')}`] },
    { name: 'completion_timestamp_seconds', status: { conditions: [condition('Complete', 'False', 'Finished')] }, shows: [] },
    { name: 'gpus', status: { plan: { gpusBefore: 4, gpusAfter: 2 } }, shows: ['{,when="before"} 4', '{,when="after"} 2'] },
    { name: 'engine_gpus', status: {}, childJobs: [child('inspect'), child('prune')], shows: ['{} 1'] },
    { name: 'engine_gpus', status: {}, childJobs: [child('prune', { phase: 'Succeeded' })], shows: ['{} 0'] },
    { name: 'engine_gpus', status: {}, childJobs: [child('prune', { phase: 'Pending', nodeName: '' })], shows: ['{} 0'] },
    { name: 'model_bytes', status: { plan: { bytesBefore: 100, bytesAfter: 70 } }, shows: ['{,when="before"} 100', '{,when="after"} 70'] },
    { name: 'model_bytes', status: { plan: { bytesBefore: 100, bytesAfter: 70 }, result }, shows: ['{,when="before"} 100', '{,when="after"} 60'] },
    {
      name: 'quality_score',
      status: { result: { quality: { perplexity: { before: 8, after: 9, increase: 0.1, upperBound: 0.2, tokens: 1, accepted: true }, tasks: [{ name: 'arc', before: 0.5, after: 0.4 }] } } },
      shows: [
        '{,metric="perplexity",source="engine",when="before"} 8', '{,metric="perplexity",source="engine",when="after"} 9',
        '{,metric="arc",source="engine",when="before"} 0.5', '{,metric="arc",source="engine",when="after"} 0.4',
      ],
    },
  ])('$name shows $shows', async ({ name, status, childJobs = [], shows }) => {
    metrics.show({ pruneJob: pruneJob('mixtral'), status, childJobs });
    expect(await lines(`stun_prunejob_${name}`)).toEqual(shows.map((sample) => `stun_prunejob_${name}${sample}`));
  });

  it('names the service that is moved', async () => {
    metrics.show({ pruneJob: servedPruneJob('mixtral', 'chat'), status: {}, childJobs: [] });
    expect(await lines('stun_prunejob_info')).toEqual([expect.stringContaining('service_kind="InferenceService",service="chat"')]);
  });

  it('keeps one phase, and nothing of what was before', async () => {
    const before: PruneJobStatus = { phase: 'Pruning', conditions: [condition('Queued', 'True', 'WaitingForPod')], serving: { current: { gpus: 4 } } };
    metrics.show({ pruneJob: pruneJob('mixtral'), status: before, childJobs: [] });
    await registry.metrics();
    metrics.show({ pruneJob: pruneJob('mixtral'), status: { phase: 'Complete', conditions: [condition('Queued', 'False', 'Running')] }, childJobs: [] });
    expect(await lines('stun_prunejob_status_phase')).toEqual([expect.stringContaining('phase="Complete"')]);
    expect(await lines('stun_prunejob_status_condition')).toEqual([expect.stringContaining('status="False",reason="Running"')]);
    expect(await lines('stun_prunejob_gpus')).toEqual([]);
  });

  it('keeps no series of an object that is gone', async () => {
    metrics.show({ pruneJob: pruneJob('mixtral'), status: { phase: 'Pruning', plan: { gpusBefore: 4 } }, childJobs: [child('prune')] });
    await registry.metrics();
    metrics.forget('ml/mixtral');
    expect(await registry.metrics()).not.toContain('mixtral');
  });

  it.each<{ what: string; before: PruneJobStatus; after: PruneJobStatus; counts: string[] }>([
    { what: 'an end', before: { phase: 'Pruning' }, after: { conditions: [condition('Failed', 'True', 'OutOfGPUMemory')] }, counts: ['finished_total{phase="Failed",reason="OutOfGPUMemory"} 1'] },
    { what: 'an end that was told before', before: { conditions: [condition('Complete', 'True', 'Finished')] }, after: { conditions: [condition('Complete', 'True', 'Finished')] }, counts: [] },
    { what: 'the start of a put-back', before: { phase: 'Verifying' }, after: { phase: 'RollingBack', conditions: [condition('RolledBack', 'Unknown', 'RolloutTimedOut')] }, counts: ['rollbacks_total{reason="RolloutTimedOut"} 1'] },
    { what: 'a put-back under way', before: { phase: 'RollingBack' }, after: { phase: 'RollingBack' }, counts: [] },
    { what: 'a result, whose engine invents a stage', before: {}, after: { result }, counts: ['published_bytes_total 60', 'stage_duration_seconds_sum{stage="Experts"} 40', 'stage_duration_seconds_sum{stage="Other"} 1'] },
    { what: 'a result that was published before', before: {}, after: { result: { ...result, reused: true } }, counts: [] },
    { what: 'a result that was read already', before: { result }, after: { result }, counts: [] },
  ])('counts $what', async ({ before, after, counts }) => {
    metrics.show({ pruneJob: pruneJob('mixtral', { status: before }), status: after, childJobs: [] });
    const told: string[] = (await registry.metrics()).match(/^stun_prunejob_(finished_total|rollbacks_total|published_bytes_total|stage_duration_seconds_sum).*$/gm) ?? [];
    expect(told.filter((line) => !line.endsWith(' 0')).sort()).toEqual(counts.map((line) => `stun_prunejob_${line}`).sort());
  });

  it('puts the name of an object into gauges that go with it alone', async () => {
    const named = (await registry.getMetricsAsJSON()).filter(({ name }) => !(name in seriesRows));
    metrics.show({ pruneJob: pruneJob('mixtral', { status: {} }), status: { result, phase: 'RollingBack', conditions: [condition('Failed', 'True', 'Internal')] }, childJobs: [] });
    const text = await registry.metrics();
    for (const { name } of named) expect(text.split('\n').filter((line) => line.startsWith(name)).join()).not.toContain('mixtral');
  });
});
