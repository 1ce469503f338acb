import { beforeEach, describe, expect, it } from 'vitest';

import type { Condition, PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { Answer } from '../prunejob/observed.ts';
import { endpoint, pruneJob, secondsBefore, service, serving } from '../prunejob/testing/builders.ts';
import { asked, type Questions } from './questions.ts';

const is = (type: string): Condition => ({ type, status: 'True', reason: 'r', message: 'm', lastTransitionTime: secondsBefore(1) });
const published: PruneJobStatus = { conditions: [is('Published')] };
const rollingOut: PruneJobStatus = { ...published, serving: { rollout: { startedAt: secondsBefore(1) } } };
const serves = service({ running: { ...service().running, endpoints: [endpoint('stable')] }, canary: { gpusPerReplica: 2, settled: true, endpoints: [endpoint('canary')] } });

let seen: string[];
let counted: number;
let answers: Record<string, Answer>;
const questions: Questions = {
  completions: { answersOf: (key, endpoints) => (seen.push(key, ...endpoints.map(({ podUid }) => podUid)), answers) },
  gpuRequests: { byNode: () => (counted += 1, Promise.resolve({ 'gpu-0': 4 })) },
};

beforeEach(() => {
  seen = [];
  counted = 0;
  answers = { stable: { answered: true } };
});

describe('what a rollout must know', () => {
  it.each([
    { of: 'a run that has published nothing', status: {}, of2: serves },
    { of: 'a service that is gone', status: published, of2: 'Missing' as const },
  ])('is not asked of $of', async ({ status, of2 }) => {
    expect(await asked(questions, pruneJob({ status }), of2)).toEqual({});
    expect([seen, counted]).toEqual([[], 0]);
  });

  it('is what the pods of the service and of its canary answer, and right before it the free GPUs', async () => {
    expect(await asked(questions, pruneJob({ status: published }), serves)).toEqual({ answers, gpuRequests: { 'gpu-0': 4 } });
    expect(seen).toEqual(['ml/tiny', 'stable', 'canary']);
  });

  it.each([
    { when: 'the pods have not answered yet', status: published, heard: {}, strategy: 'Surge' },
    { when: 'the rollout began', status: rollingOut, heard: { stable: { answered: true } }, strategy: 'Surge' },
    { when: 'no spare GPU is needed', status: published, heard: { stable: { answered: true } }, strategy: 'Recreate' },
  ] as const)('are not the free GPUs when $when', async ({ status, heard, strategy }) => {
    answers = heard;
    expect(await asked(questions, pruneJob({ status, spec: { serving: serving({ strategy }) } }), serves)).toEqual({ answers: heard });
    expect(counted).toBe(0);
  });
});
