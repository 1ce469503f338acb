import { beforeEach, describe, expect, it } from 'vitest';
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import type { KubeObject } from '../prunejob/kube.ts';
import { serviceLabel } from '../prunejob/serving/kserve-types.ts';
import { Store } from '../runtime/store.ts';
import { keyMaps } from './key-maps.ts';
import { pruneJobOptions } from './stores.ts';
import { job, pruneJob, rendered, servedPruneJob } from './testing/samples.ts';

const chat: KubeObject = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', metadata: { name: 'chat', namespace: 'ml' } };

let pruneJobs: Store<PruneJob>;
beforeEach(() => { pruneJobs = new Store<PruneJob>(pruneJobOptions); });

describe('keyMaps', () => {
  it.each([
    { what: 'its own Job', keys: () => keyMaps(pruneJobs).ofEngine(job(pruneJob('a'), 'prune')), expected: ['ml/a'] },
    { what: "a stranger's Job", keys: () => keyMaps(pruneJobs).ofEngine(job(pruneJob('z'), 'prune')), expected: [] },
    { what: 'the service', keys: () => keyMaps(pruneJobs).ofService(chat), expected: ['ml/served'] },
    { what: "the service's pod", keys: () => keyMaps(pruneJobs).ofRendered(serviceLabel)(rendered('Pod', 'chat')), expected: ['ml/served'] },
    { what: 'a pod of no service', keys: () => keyMaps(pruneJobs).ofRendered(serviceLabel)(chat), expected: [] },
    { what: 'one of the same service', keys: () => keyMaps(pruneJobs).ofPruneJob(servedPruneJob('c', 'chat')), expected: ['ml/c', 'ml/served'] },
    { what: 'one with the same run key', keys: () => keyMaps(pruneJobs).ofPruneJob(pruneJob('a', { status: { runKey: 'k' } })), expected: ['ml/a', 'ml/b'] },
  ])('$what wakes $expected', ({ keys, expected }) => {
    for (const object of [pruneJob('a', { status: { runKey: 'k' } }), pruneJob('b', { status: { runKey: 'k' } }), servedPruneJob('served', 'chat')]) pruneJobs.upsert(object);
    expect(keys()).toEqual(expected);
  });
});
