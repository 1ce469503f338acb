import { describe, expect, it } from 'vitest';
import { progressTargets } from './progress-targets.ts';
import { emptyStores } from './testing/empty-stores.ts';
import { job, podOf, pruneJob } from './testing/samples.ts';

describe('progressTargets', () => {
  const run = pruneJob('mixtral');
  it.each([
    { what: 'a running prune pod', pod: podOf(job(run, 'prune')), urls: ['http://10.88.0.7:8080/progress'] },
    { what: 'one with an IPv6 address', pod: podOf(job(run, 'prune'), { phase: 'Running', podIP: 'fd00::7' }), urls: ['http://[fd00::7]:8080/progress'] },
    { what: 'a pending prune pod', pod: podOf(job(run, 'prune'), { phase: 'Pending' }), urls: [] },
    { what: 'one without an address', pod: podOf(job(run, 'prune'), { phase: 'Running' }), urls: [] },
    { what: 'an inspecting pod', pod: podOf(job(run, 'inspect')), urls: [] },
    { what: 'a pod whose PruneJob is gone', pod: podOf(job(pruneJob('gone'), 'prune')), urls: [] },
  ])('$what: $urls', ({ pod, urls }) => {
    const stores = emptyStores();
    stores.pruneJobs.upsert(run);
    stores.enginePods.upsert(pod);
    expect(progressTargets(stores).map((target) => target.url)).toEqual(urls);
  });
});
