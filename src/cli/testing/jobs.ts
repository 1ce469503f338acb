/** PruneJobs at the moments that a command looks at: one that prunes, one that is complete. */
import type { Condition, PruneJob, PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import { denseUri, prunedUri, pruneJob as builder } from '../../prunejob/testing/builders.ts';

export const created = '2026-01-01T12:00:00Z';

/** So many seconds after the PruneJob was created. */
export function at(seconds: number): string {
  return `${new Date(Date.parse(created) + seconds * 1000).toISOString().slice(0, 19)}Z`;
}

export function condition(type: string, status: Condition['status'], message: string, { seconds = 0, reason = type } = {}): Condition {
  return { type, status, reason, message, lastTransitionTime: at(seconds) };
}

export function job(status: PruneJobStatus | undefined, spec: Partial<PruneJob['spec']> = {}): PruneJob {
  const { metadata, ...made } = builder({ spec, ...(status === undefined ? {} : { status }) });
  return { ...made, metadata: { ...metadata, name: 'mixtral', creationTimestamp: created } };
}

export const planned = condition('Planned', 'True', 'Ratio 0.25 takes the service from 8 GPUs to 4.', { seconds: 21 });

export const pruning: PruneJobStatus = {
  phase: 'Pruning',
  conditions: [planned, condition('Queued', 'False', 'The pod runs.', { seconds: 60 }), condition('Pruned', 'Unknown', 'The engine prunes the model.', { seconds: 60 })],
  plan: { gpus: '8→4', gpusBefore: 8, gpusAfter: 4, gpusPeak: 16 },
  progress: { percent: 58, stage: 'Weights', layer: 33, layers: 56, estimatedRemainingSeconds: 2040 },
};

const published = [
  planned,
  condition('Pruned', 'True', 'Kept 6 of 8 experts a layer; overall sparsity 40.0 %.', { seconds: 3621 }),
  condition('QualityAccepted', 'True', 'ppl 3.1 → 3.2 (+2.1 %).', { seconds: 3621 }),
  condition('Published', 'True', `Published at ${prunedUri}.`, { seconds: 3621 }),
];

export const complete: PruneJobStatus = {
  phase: 'Complete',
  conditions: [...published, condition('Served', 'True', `Every pod runs ${prunedUri} on 4 GPUs.`, { seconds: 4221 }), condition('Complete', 'True', 'The service runs it on 4 GPUs instead of 8.', { seconds: 4221 })],
  plan: { gpus: '8→4', gpusPeak: 16 },
  result: { uri: prunedUri, qualitySummary: 'ppl 3.1 → 3.2 (+2.1 %)' },
  serving: { previous: { uri: denseUri, gpus: 8 }, rollout: { strategy: 'Canary', startedAt: at(3622) } },
};

export const failed: PruneJobStatus = {
  phase: 'Failed',
  conditions: [planned, condition('Pruned', 'False', 'Perplexity rises by 9 %; 5 % is allowed.', { seconds: 1221, reason: 'QualityRefused' }), condition('Failed', 'True', 'Perplexity rises by 9 %; 5 % is allowed.', { seconds: 1221, reason: 'QualityRefused' })],
};
