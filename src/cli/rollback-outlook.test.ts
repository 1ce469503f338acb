import { describe, expect, it } from 'vitest';

import { serving } from '../prunejob/testing/builders.ts';
import { rollbackOutlook } from './rollback-outlook.ts';
import { complete, failed, job, pruning } from './testing/jobs.ts';

describe('what a rollback would do', () => {
  it.each([
    { name: 'after Complete', job: job(complete), says: 'InferenceService tiny-moe goes back to s3://models/tiny-moe/ on 8 GPUs, by Canary. mixtral stays Complete, and its published model stays where it is.' },
    { name: 'during the rollout', job: job({ ...complete, conditions: [] }), says: 'InferenceService tiny-moe goes back to s3://models/tiny-moe/ on 8 GPUs, by Canary. The rollout ends, and mixtral ends as Failed (RolledBack).' },
    { name: 'before it', job: job(pruning), says: 'The rollout of InferenceService tiny-moe has not begun: the service is not touched. mixtral goes on until its model is published, and then ends as Failed (RolledBack) without a rollout.' },
  ])('$name', ({ job: asked, says }) => {
    expect(rollbackOutlook(asked)).toEqual({ says });
  });
});

describe('nothing to roll back', () => {
  it.each([
    { name: 'without a service', job: job(complete, { serving: undefined as never }), says: /^PruneJob mixtral moves no service/ },
    { name: 'asked for already', job: job(complete, { serving: serving({ rollbackRequested: true }) }), says: /was asked for already\. To see how it goes: kubectl prune watch mixtral -n ml$/ },
    { name: 'failed', job: job(failed), says: /^mixtral Failed, so there is nothing to roll back: Perplexity rises/ },
    { name: 'only a plan', job: job({ ...complete, serving: {} }), says: /^mixtral is Complete and never moved InferenceService tiny-moe/ },
  ])('$name', ({ job: asked, says }) => {
    expect(rollbackOutlook(asked)).toEqual({ refused: expect.stringMatching(says) as string });
  });
});
