import { describe, expect, it } from 'vitest';
import { expectIdle } from './expect-idle.ts';
import { jobType, podType } from './resources.ts';
import type { LiveJob } from './stores.ts';
import { FakeClient } from './testing/fake-client.ts';
import { job, podOf, pruneJob } from './testing/samples.ts';

const run = pruneJob('mixtral');
const prune = job(run, 'prune');
const over = (type: string): LiveJob => ({ ...prune, status: { conditions: [{ type, status: 'True' }] } });
const pod = (phase: string) => podOf(prune, { phase });

describe('expectIdle', () => {
  it.each([
    { what: 'a Job that has not ended', objects: [[jobType, prune]], atWork: 'Job ml/mixtral-prune-1' },
    { what: 'the pod of a Job that is gone', objects: [[podType, pod('Running')]], atWork: 'Pod ml/mixtral-prune-1-x' },
    { what: 'a pod that has not started', objects: [[podType, pod('Pending')]], atWork: 'Pod ml/mixtral-prune-1-x' },
    { what: 'nothing', objects: [], atWork: undefined },
    { what: 'a Job that is complete', objects: [[jobType, over('Complete')]], atWork: undefined },
    { what: 'a pod that has ended', objects: [[podType, pod('Failed')]], atWork: undefined },
    { what: 'a Job that failed, with a pod that its node never told the end of', objects: [[jobType, over('Failed')], [podType, pod('Running')]], atWork: undefined },
  ] as const)('finds at work of $what: $atWork', async ({ objects, atWork }) => {
    const client = new FakeClient();
    for (const [type, object] of objects) client.put(type, object);
    const asked = expectIdle(client, run);
    if (atWork === undefined) await expect(asked).resolves.toBeUndefined();
    else await expect(asked).rejects.toThrow(`${atWork} of this PruneJob is at work, which its watch has not told of yet`);
  });
});
