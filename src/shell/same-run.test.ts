import { beforeEach, describe, expect, it } from 'vitest';

import type { PruneJob, PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { Stage } from '../prunejob/observed.ts';
import { beginJob, sameRun } from './same-run.ts';
import { emptyStores, type EmptyStores } from './testing/empty-stores.ts';
import { job, podOf, pruneJob, pruning } from './testing/samples.ts';

let stores: EmptyStores;
/** Keys of PruneJobs, by the run key that their engines tell. */
const working = new Map<string, readonly string[]>();

beforeEach(() => {
  stores = emptyStores();
  working.clear();
});

const starting = (begun: readonly string[] = []) => {
  const told: string[] = [];
  return { told, has: (uid: string): boolean => begun.includes(uid), begin: (uid: string): void => void told.push(uid) };
};
const options = (starts = starting()) => ({ stores, workingOn: (runKey: string) => working.get(runKey) ?? [], starting: starts });
const first = (starts = starting()) => sameRun(options(starts), stores.pruneJobs.get('ml/mine') as PruneJob);

describe('sameRun', () => {
  const created = (time: string) => ({ metadata: { creationTimestamp: `2026-01-01T00:00:${time}Z` } });
  const status = (type?: string): PruneJobStatus => ({
    runKey: 'k',
    conditions: type === undefined ? [] : [{ type, status: 'True', reason: 'R', message: 'm', lastTransitionTime: '2026-01-01T00:00:00Z' }],
  });

  const suspended = (uri = 's3://models/pruned/') => ({ spec: { suspend: true, output: { uri } } });
  const output = (uri: string) => ({ spec: { output: { uri } } });
  const elsewhere = { ...created('01').metadata, namespace: 'research' };
  const older = { ...created('01'), status: status() };
  const younger = { ...created('03'), status: status() };

  it.each<{ what: string; other: Parameters<typeof pruneJob>[1]; mine?: Parameters<typeof pruneJob>[1]; works?: Stage; waits: boolean }>([
    { what: 'an older one', other: older, waits: true },
    { what: 'a younger one', other: younger, waits: false },
    { what: 'an older one of the same second, by uid', other: { metadata: { ...created('02').metadata, uid: 'a' }, status: status() }, waits: true },
    { what: 'an older one that is complete', other: { ...older, status: status('Complete') }, waits: false },
    { what: 'an older one that failed', other: { ...older, status: status('Failed') }, waits: false },
    { what: 'an older one that failed, while the pod of its Job is still there', other: { ...older, status: status('Failed') }, works: 'prune', waits: true },
    { what: 'an older one that is being deleted', other: { ...older, metadata: { ...created('01').metadata, deletionTimestamp: '2026-01-01T00:00:09Z' } }, waits: true },
    { what: 'an older one with another key', other: { ...older, status: { runKey: 'l' } }, waits: false },
    { what: 'an older one with another output', other: { ...older, ...output('s3://models/other/') }, waits: false },
    { what: 'an older one with the same output, written otherwise', other: { ...older, ...output('s3://models/pruned') }, waits: true },
    { what: 'an older one of another namespace', other: { ...older, metadata: elsewhere }, waits: true },
    { what: 'an older one of another namespace with the same model, written otherwise', other: { ...older, metadata: elsewhere, spec: { model: { uri: 's3://models/mixtral' } } }, waits: true },
    { what: 'an older one of another namespace with another model', other: { ...older, metadata: elsewhere, spec: { model: { uri: 's3://models/other/' } } }, waits: false },
    { what: 'an older one of another namespace with another pruning', other: { ...older, metadata: elsewhere, spec: { pruning: pruning({ ratio: 0.5 }) } }, waits: false },
    { what: 'an older one of another namespace whose ratio was planned', other: { ...older, metadata: elsewhere, spec: { pruning: { ...pruning({}), targetGPUs: 2 } }, status: { ...status(), plan: { ratio: 0.25 } } }, waits: true },
    { what: 'an older one of another namespace with a claim of that name', other: { ...older, ...output('pvc://c/'), metadata: elsewhere }, mine: output('pvc://c/'), waits: false },
    { what: 'an older one that is suspended', other: { ...older, ...suspended() }, waits: false },
    { what: 'an older one that is suspended, while its last pod still writes', other: { ...older, ...suspended() }, works: 'prune', waits: true },
    { what: 'a younger one that went past while this one was suspended', other: younger, works: 'prune', waits: true },
    { what: 'a younger one that cleans', other: younger, works: 'clean', waits: true },
    { what: 'a younger one that inspects', other: younger, works: 'inspect', waits: false },
    { what: 'a younger one that asks its canary', other: younger, works: 'evaluate', waits: false },
    { what: 'a younger one while this one is suspended', other: younger, mine: suspended(), waits: true },
  ])('waits for $what: $waits', ({ other, mine, works, waits }) => {
    const another = pruneJob('other', other);
    stores.pruneJobs.upsert(pruneJob('mine', { metadata: { ...created('02').metadata, uid: 'b' }, status: status(), ...mine }));
    stores.pruneJobs.upsert(another);
    if (works !== undefined) stores.jobs.upsert(job(another, works));
    const isBeingDeleted = another.metadata.deletionTimestamp === undefined ? {} : { isBeingDeleted: true };
    expect(first()).toEqual(waits ? { namespace: another.metadata.namespace, name: 'other', ...isBeingDeleted } : undefined);
  });

  it('waits for a younger one whose Job this process has just asked for', () => {
    const another = pruneJob('other', younger);
    stores.pruneJobs.upsert(pruneJob('mine', { metadata: created('02').metadata, status: status() }));
    stores.pruneJobs.upsert(another);
    expect(first(starting([another.metadata.uid]))).toEqual({ namespace: another.metadata.namespace, name: 'other' });
  });

  it.each([
    { what: 'only asked for, when the other one is seen at work', works: true, waits: true },
    { what: 'only asked for, when the other one was no more than that', works: false, waits: false },
  ])('of two that have begun, the older one, whose own Job was $what, waits: $waits', ({ works, waits }) => {
    const [mine, another] = [pruneJob('mine', { metadata: created('02').metadata, status: status() }), pruneJob('other', younger)];
    for (const begun of [mine, another]) stores.pruneJobs.upsert(begun);
    if (works) stores.jobs.upsert(job(another, 'prune'));
    const starts = starting([mine.metadata.uid, another.metadata.uid]);
    expect(first(starts)?.name).toBe(waits ? 'other' : undefined);
  });

  it.each([
    { told: undefined, tells: 'k', waits: true },
    { told: undefined, tells: 'another', waits: false },
    { told: 'another', tells: 'k', waits: false },
  ])('waits for one whose status has run key $told, and whose engine tells "$tells": $waits', ({ told, tells, waits }) => {
    const another = pruneJob('other', { ...created('03'), ...(told === undefined ? {} : { status: { runKey: told } }) });
    stores.pruneJobs.upsert(pruneJob('mine', { metadata: created('02').metadata, status: status() }));
    stores.pruneJobs.upsert(another);
    stores.jobs.upsert(job(another, 'prune'));
    working.set(tells, ['ml/other', 'ml/gone']);
    expect(first()?.name).toBe(waits ? 'other' : undefined);
  });

  it.each([
    { what: 'a pruning', stage: 'prune', begun: ['other'], refused: true },
    { what: 'a clean-up', stage: 'clean', begun: ['other'], refused: true },
    { what: 'a pruning that nobody is before', stage: 'prune', begun: [], refused: false },
    { what: 'an inspection, which disturbs nobody,', stage: 'inspect', begun: ['other'], refused: false },
  ] as const)('refuses $what of a run that another has begun since the decision: $refused', ({ stage, begun, refused }) => {
    const mine = pruneJob('mine', { metadata: created('02').metadata, status: status() });
    stores.pruneJobs.upsert(mine);
    stores.pruneJobs.upsert(pruneJob('other', { ...younger, metadata: { ...younger.metadata, uid: 'other' } }));
    const starts = starting(begun);
    const begin = () => { beginJob(options(starts), mine, job(mine, stage)); };
    if (refused) expect(begin).toThrow('has begun the same run');
    else begin();
    expect(starts.told).toEqual(refused || stage === 'inspect' ? [] : ['mine-uid']);
  });

  it('waits for a younger one whose Job was deleted and whose pod still writes', () => {
    const another = pruneJob('other', younger);
    stores.pruneJobs.upsert(pruneJob('mine', { metadata: created('02').metadata, status: status() }));
    stores.pruneJobs.upsert(another);
    stores.enginePods.upsert(podOf(job(another, 'prune')));
    expect(first()).toEqual({ namespace: another.metadata.namespace, name: 'other' });
  });

  it('waits for nobody because of a Job that ended', () => {
    const another = pruneJob('other', younger);
    stores.pruneJobs.upsert(pruneJob('mine', { metadata: created('02').metadata, status: status() }));
    stores.pruneJobs.upsert(another);
    stores.jobs.upsert({ ...job(another, 'prune'), status: { conditions: [{ type: 'Complete', status: 'True' }] } });
    expect(first()).toBeUndefined();
  });
});
