import { beforeEach, describe, expect, it } from 'vitest';
import { Store } from '../runtime/store.ts';
import { ManualClock } from '../runtime/testing/manual-clock.ts';
import { Starting } from './starting.ts';
import { childOptions, type LiveJob } from './stores.ts';
import { job, pruneJob } from './testing/samples.ts';

describe('Starting', () => {
  const run = pruneJob('mixtral');
  const created = job(run, 'prune');
  let jobs: Store<LiveJob>;
  let clock: ManualClock;
  let starting: Starting;

  beforeEach(() => {
    jobs = new Store<LiveJob>(childOptions);
    clock = new ManualClock();
    starting = new Starting(jobs, clock);
  });

  it('holds from the asking until the cache shows the Job', () => {
    expect(starting.has(run.metadata.uid)).toBe(false);
    starting.begin(run.metadata.uid, created);
    expect(starting.has(run.metadata.uid)).toBe(true);
    expect(starting.has('another')).toBe(false);
    jobs.upsert(created);
    expect(starting.has(run.metadata.uid)).toBe(false);
  });

  it('is over when the Job has come and gone unasked', () => {
    starting.begin(run.metadata.uid, created);
    jobs.upsert(created);
    jobs.remove(created);
    expect(starting.has(run.metadata.uid)).toBe(false);
  });

  it('does not wait for ever for a Job that was lost on its way', () => {
    starting.begin(run.metadata.uid, created);
    clock.jump(60_000);
    expect(starting.has(run.metadata.uid)).toBe(false);
  });
});
