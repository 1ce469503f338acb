/** What the operator relies on the API server for, as the simulated one does it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiError } from '../../../src/runtime/errors.ts';
import type { KubeObject } from '../../../src/runtime/types.ts';
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import { jobType, pruneJobType } from '../../../src/shell/resources.ts';
import { Scheduler } from '../clock/scheduler.ts';
import { ApiServer, foreground } from './server.ts';

const us = { manager: 'stun-operator' };
const kubectl = { manager: 'kubectl' };
const named = (kind: string, more: object = {}): KubeObject => ({ apiVersion: 'v1', kind, metadata: { name: 'a', namespace: 'ml' }, ...more });

describe('ApiServer', () => {
  let server: ApiServer;
  const live = (): KubeObject => server.get(inferenceServiceType, 'ml/a') ?? named('');
  const code = (act: () => void): number => {
    try {
      act();
    } catch (error) {
      if (error instanceof ApiError) return error.code;
    }
    return 200;
  };

  beforeEach(() => {
    server = new ApiServer(new Scheduler());
  });

  it('gives what is applied to its manager, and takes away what an apply leaves out unless another owns it', () => {
    server.create(inferenceServiceType, named('InferenceService', { spec: { kept: 1, changed: 1 } }), kubectl);
    server.apply(inferenceServiceType, named('InferenceService', { spec: { changed: 2, added: 2, kept: 1 } }), us);
    expect(live()).toMatchObject({ spec: { kept: 1, changed: 2, added: 2 } });
    server.apply(inferenceServiceType, named('InferenceService'), us);
    expect(live()).toMatchObject({ spec: { kept: 1 } });
    expect((live() as KubeObject & { spec: object }).spec).toEqual({ kept: 1 });
  });

  it('leaves values where they are when their entry is dropped by a patch', () => {
    server.create(inferenceServiceType, named('InferenceService', { spec: { a: 1 } }), kubectl);
    server.apply(inferenceServiceType, named('InferenceService', { spec: { a: 2 } }), us);
    const index = live().metadata.managedFields?.findIndex(({ manager }) => manager === us.manager) ?? -1;
    server.jsonPatch(inferenceServiceType, 'ml/a', [{ op: 'test', path: `/metadata/managedFields/${index}/manager`, value: us.manager }, { op: 'remove', path: `/metadata/managedFields/${index}` }], us);
    server.apply(inferenceServiceType, named('InferenceService'), us);
    expect(live()).toMatchObject({ spec: { a: 2 } });
  });

  it.each([
    { what: 'a second object of the name', act: (at: ApiServer) => at.create(jobType, named('Job'), us), expected: 409 },
    { what: 'another uid', act: (at: ApiServer) => { at.delete(jobType, 'ml/a', { uid: 'other' }, us); }, expected: 409 },
    { what: 'an older version', act: (at: ApiServer) => at.apply(jobType, { ...named('Job'), metadata: { name: 'a', namespace: 'ml', resourceVersion: '1' } }, us), expected: 409 },
    { what: 'a test that fails', act: (at: ApiServer) => at.jsonPatch(jobType, 'ml/a', [{ op: 'test', path: '/metadata/uid', value: 'other' }], us), expected: 422 },
    { what: 'what is not there', act: (at: ApiServer) => at.apply(pruneJobType, named('PruneJob'), us, 'status'), expected: 404 },
    { what: 'a version that was compacted', act: (at: ApiServer) => { at.storage.compact(); at.storage.since(jobType, 1); }, expected: 410 },
  ])('refuses $what with $expected', ({ act, expected }) => {
    server.create(jobType, named('Job'), us);
    expect(code(() => { act(server); })).toBe(expected);
  });

  it('keeps what a finalizer holds until the last one is gone', () => {
    server.create(jobType, named('Job'), us);
    server.delete(jobType, 'ml/a', { propagation: 'Foreground' }, us);
    expect(server.get(jobType, 'ml/a')?.metadata).toMatchObject({ finalizers: [foreground] });
    server.update(jobType, 'ml/a', (job) => ({ ...job, metadata: { ...job.metadata, finalizers: [] } }), kubectl);
    expect(server.get(jobType, 'ml/a')).toBeUndefined();
  });

  it('gives a change that changes nothing no new version', () => {
    server.create(inferenceServiceType, named('InferenceService'), kubectl);
    server.apply(inferenceServiceType, named('InferenceService', { spec: { a: 1 } }), us);
    const { resourceVersion } = live().metadata;
    server.apply(inferenceServiceType, named('InferenceService', { spec: { a: 1 } }), us);
    expect(live().metadata.resourceVersion).toBe(resourceVersion);
  });
});
