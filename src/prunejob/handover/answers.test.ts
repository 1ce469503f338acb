import { describe, expect, it } from 'vitest';

import type { Condition } from '../../api/v1alpha1/prunejob.ts';
import { heardBefore, wantsAnswers } from './answers.ts';
import type { Answer } from '../observed.ts';
import { endpoint, prunedUri, pruneJob, secondsBefore, service, serving, spec } from '../testing/builders.ts';
import { World } from '../testing/world.ts';

const yes: Answer = { answered: true };
const no = (why: string, tries = 3): Answer => ({ answered: false, why, tries });
const running = (...uids: readonly string[]) => ({ gpusPerReplica: 4, settled: true, endpoints: uids.map(endpoint) });

describe('what the service as it is has answered', () => {
  it.each([
    { when: 'one pod answered', pods: ['a', 'b'], answers: { a: no('hangs'), b: yes }, heard: { answered: true } },
    { when: 'none was ready', pods: [], answers: {}, heard: { answered: false, unansweredBecause: 'no pod of it was ready to be asked' } },
    { when: 'all were asked often enough', pods: ['a', 'b'], answers: { a: no('answers 401'), b: no('hangs') }, heard: { answered: false, unansweredBecause: 'answers 401' } },
    { when: 'one was not heard yet', pods: ['a', 'b'], answers: { a: no('hangs') }, heard: undefined },
    { when: 'one may have been busy', pods: ['a'], answers: { a: no('hangs', 2) }, heard: undefined },
    { when: 'nobody was asked', pods: ['a'], answers: undefined, heard: undefined },
  ])('when $when', ({ pods, answers, heard }) => {
    expect(heardBefore(answers, running(...pods))).toEqual(heard);
  });
});

describe('pods are asked', () => {
  const is = (type: string): Condition => ({ type, status: 'True', reason: 'r', message: 'm', lastTransitionTime: secondsBefore(1) });
  const published = { conditions: [is('Published')] };
  const emitted = { conditions: [is('Published'), { ...is('Complete'), reason: 'Emitted' }] };
  const arrived = { ...emitted, serving: { rollout: { appliedAt: secondsBefore(1) } } };

  it.each([
    { when: 'the model is published', status: published, wanted: true },
    { when: 'there is nothing to serve yet', status: {}, wanted: false },
    { when: 'it is served', status: { conditions: [is('Published'), is('Served')] }, wanted: false },
    { when: 'the run failed', status: { conditions: [is('Published'), is('Failed')] }, wanted: false },
    { when: 'the service is put back', status: { ...published, serving: { rollout: { rollbackStartedAt: secondsBefore(1) } } }, wanted: false },
    { when: 'the run is suspended', status: published, spec: { suspend: true }, wanted: false },
    { when: 'a patch is about to be emitted', status: published, spec: { serving: serving({ mode: 'Emit' }) }, wanted: true },
    { when: 'Git is waited for', status: emitted, spec: { serving: serving({ mode: 'Emit' }) }, wanted: false },
    { when: 'Git has delivered', status: arrived, spec: { serving: serving({ mode: 'Emit' }) }, wanted: true },
    { when: 'Git has delivered and is to take it back', status: arrived, spec: { serving: serving({ mode: 'Emit', rollbackRequested: true }) }, wanted: false },
    { when: 'the run is deleted', status: published, deleted: secondsBefore(1), wanted: false },
  ])('when $when: $wanted', ({ wanted, ...overrides }) => {
    expect(wantsAnswers(pruneJob(overrides))).toBe(wanted);
  });
});

describe('a service that answered before', () => {
  const denseRunning = { ...service().running, endpoints: [endpoint('old')] };

  function rollingOut(answers: Record<string, Answer>, overrides = {}): World {
    const world = World.published({ pruneJob: pruneJob({ spec: { ...spec(), serving: serving(overrides) } }), service: service({ running: denseRunning }) });
    world.change({ answers });
    world.settle();
    return world;
  }

  function come(world: World, ...uids: readonly string[]): void {
    world.roll();
    world.changeService({ running: { ...world.service.running, endpoints: uids.map(endpoint) } });
    world.settle();
  }

  it('is asked before it is touched', () => {
    const world = rollingOut({});
    expect(world.service.fields.modelUri).not.toBe(prunedUri);
    expect(world.pruneJob.status?.serving).toBeUndefined();
    world.change({ answers: { old: yes } });
    world.settle();
    expect(world.pruneJob.status?.serving?.previous).toMatchObject({ answered: true });
    expect(world.service.fields.modelUri).toBe(prunedUri);
  });

  it('is not done before every new pod answers too', () => {
    const world = rollingOut({ old: yes });
    come(world, 'new', 'newer');
    expect(world.condition('Served')?.message).toBe('The service is asked for a completion.');
    world.change({ answers: { new: yes, newer: no('answers a completion with 500') } });
    world.settle();
    expect(world.condition('Served')).toMatchObject({ reason: 'RollingOut', message: 'The service does not answer completions, as it did before: pod newer answers a completion with 500.' });
    world.change({ answers: { new: yes, newer: yes } });
    world.settle();
    expect(world.phase).toBe('Verifying');
    world.pass(121);
    world.settle();
    expect(world.condition('Complete')?.message).not.toContain('completion');
  });

  it('is put back when the new model does not answer in time', () => {
    const world = rollingOut({ old: yes });
    come(world, 'new');
    world.change({ answers: { new: no('answers a completion with 500') } });
    world.pass(1801);
    world.settle();
    expect(world.condition('RolledBack')).toMatchObject({ status: 'Unknown', reason: 'NotAnswering', message: expect.stringContaining('pod new answers a completion with 500') as string });
    world.roll();
    world.settle();
    expect(world.condition('Failed')).toMatchObject({ reason: 'RolledBack', message: expect.stringContaining('does not answer completions') as string });
  });

  it('keeps what was heard when somebody changes it and it is saved again', () => {
    const world = World.published({ service: service({ running: denseRunning }) });
    world.change({ answers: { old: yes } });
    world.reconcile();
    world.reconcile();
    expect(world.pruneJob.status?.serving?.previous?.answered).toBe(true);
    world.change({ answers: {} });
    world.changeService({ fields: { ...world.service.fields, args: ['--tensor-parallel-size=4', '--port=1'] } });
    expect(world.reconcile().status.serving?.previous).toMatchObject({ answered: true, fields: { args: expect.arrayContaining(['--port=1']) as string[] } });
  });
});

describe('a service without a ready pod', () => {
  const without = { ...service().running, settled: false, endpoints: [] };

  it('is not touched before one is ready and has answered', () => {
    const world = World.published({ service: service({ running: without }) });
    world.settle();
    expect(world.condition('Served')).toMatchObject({ status: 'False', reason: 'WaitingForPod', message: expect.stringContaining('no ready pod') as string });
    world.pass(500);
    world.changeService({ running: { ...service().running, endpoints: [endpoint('old')] } });
    world.change({ answers: { old: yes } });
    world.settle();
    expect(world.pruneJob.status?.serving?.previous?.answered).toBe(true);
    expect(world.service.fields.modelUri).toBe(prunedUri);
  });

  it('is moved unasked when none has come within serving.waitFor, and the end says so', () => {
    const world = World.published({ service: service({ running: without }) });
    world.settle();
    world.pass(599);
    world.settle();
    expect(world.service.fields.modelUri).not.toBe(prunedUri);
    world.pass(1);
    world.settle();
    world.serve();
    expect(world.condition('Complete')?.message).toMatch(/did not answer one to the operator: no pod of it was ready to be asked\.$/);
  });
});

describe('a service that did not answer before', () => {
  it('is moved without a question, and the end says why', () => {
    const running = { ...service().running, endpoints: [endpoint('old')] };
    const world = World.published({ service: service({ running }) });
    world.change({ answers: { old: no('answers 401: it wants an API key') } });
    world.settle();
    const told = world.decisions.flatMap(({ events }) => events.map(({ note }) => note));
    expect(told).toContain('The service is moved to the pruned model. No completion will be asked of its new pods, because it does not answer one to the operator as it is: answers 401: it wants an API key.');
    world.serve();
    expect(world.phase).toBe('Complete');
    expect(world.condition('Complete')?.message).toMatch(/No completion was asked of it, because the service before did not answer one to the operator: answers 401: it wants an API key\.$/);
    expect(world.pruneJob.status?.serving?.previous).toMatchObject({ answered: false, unansweredBecause: 'answers 401: it wants an API key' });
  });
});
