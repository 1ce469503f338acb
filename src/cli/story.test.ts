import { describe, expect, it } from 'vitest';

import { news } from './story.ts';
import { complete, job, pruning } from './testing/jobs.ts';

describe('line by line', () => {
  it('tells all of it at the first look', () => {
    expect(news(undefined, job(pruning))).toEqual([
      'Planned=True Planned: Ratio 0.25 takes the service from 8 GPUs to 4.',
      'Queued=False Queued: The pod runs.',
      'Pruned=Unknown Pruned: The engine prunes the model.',
      'Progress 58 % Weights, layer 33 of 56, about 34m left',
    ]);
  });

  it.each([
    { name: 'nothing where nothing changed', before: pruning, after: pruning, told: [] },
    { name: 'nothing where only the estimate moves', before: pruning, after: { ...pruning, progress: { ...pruning.progress, estimatedRemainingSeconds: 9 } }, told: [] },
    { name: 'progress without layers', before: pruning, after: { ...pruning, progress: { percent: 99, stage: 'Publish' } }, told: ['Progress 99 % Publish'] },
    { name: 'what is new in a condition', before: complete, after: { ...complete, conditions: complete.conditions?.map((condition) => (condition.type === 'Served' ? { ...condition, status: 'False' as const } : condition)) ?? [] }, told: ['Served=False Served: Every pod runs s3://models/pruned/tiny-moe/0123456789abcdef/ on 4 GPUs.'] },
  ])('tells $name', ({ before, after, told }) => {
    expect(news(job(before), job(after))).toEqual(told);
  });
});
