import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PruneJob, PruneJobStatus } from '../api/v1alpha1/prunejob.ts';
import type { Action, Decision } from '../prunejob/decision.ts';
import type { ChildJob, Observed } from '../prunejob/observed.ts';
import { systemClock } from '../runtime/clock.ts';
import { ApiError } from '../runtime/errors.ts';
import type { RecordedEvent } from '../runtime/recorder.ts';
import type { Logger } from '../telemetry/log.ts';
import { recordSpans } from '../telemetry/testing/recorded-spans.ts';
import type { Act } from './act.ts';
import { DomainMetrics } from './domain-metrics.ts';
import { FakeClient } from './testing/fake-client.ts';
import { createReconcile } from './reconcile.ts';
import { job, pruneJob } from './testing/samples.ts';

const status: PruneJobStatus = { phase: 'Pruning', plan: { gpusBefore: 8, gpusAfter: 4 } };
const event = { type: 'Normal', reason: 'Pruned', action: 'Prune', note: 'Done.' } as const;
const actions: readonly Action[] = [{ kind: 'DeleteClaim', name: 'mixtral-scratch', uid: 'c' }, { kind: 'DeleteJob', name: 'mixtral-prune-1', uid: 'u' }];

describe('createReconcile', () => {
  let client: FakeClient;
  let registry: Registry;
  let steps: string[];
  let events: RecordedEvent[];
  let lines: string[];
  let present: PruneJob | undefined;
  let decision: Decision;

  beforeEach(() => {
    client = new FakeClient();
    registry = new Registry();
    steps = [];
    events = [];
    lines = [];
    present = pruneJob('mixtral');
    decision = { actions, status, events: [event], requeueAfterMs: 5000 };
  });

  const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silent };
  const log: Logger = { ...silent, info: (message) => void lines.push(message) };
  const act: Act = (action) => Promise.resolve(void steps.push(action.kind));
  const reconcile = (overrides: { act?: Act } = {}) =>
    createReconcile({
      observe: () => Promise.resolve(present && ({ pruneJob: present, childJobs: [] as readonly ChildJob[] } as Observed)),
      decide: () => decision,
      decideRefused: () => ({ actions: [], status: { phase: 'Failed' }, events: [{ ...event, reason: 'PodTemplateInvalid' }] }),
      act,
      client: { applyStatus: (type, object) => (steps.push('status'), client.applyStatus(type, object)) },
      recorder: { record: (recorded) => void (steps.push('event'), events.push(recorded)) },
      metrics: new DomainMetrics(registry),
      clock: systemClock,
      log,
      ...overrides,
    })('ml/mixtral');

  it('acts in order, then writes the status, then tells the events', async () => {
    expect(await reconcile()).toEqual({ requeueAfterMs: 5000 });
    expect(steps).toEqual(['DeleteClaim', 'DeleteJob', 'status', 'event']);
    expect(client.calls[0]?.body).toEqual({
      apiVersion: 'stun-operator.io/v1alpha1',
      kind: 'PruneJob',
      metadata: { name: 'mixtral', namespace: 'ml', uid: 'mixtral-uid', resourceVersion: '7' },
      status,
    });
    expect(events).toEqual([{ regarding: present, ...event }]);
    expect(lines).toEqual(['Done: DeleteClaim mixtral-scratch.', 'Done: DeleteJob mixtral-prune-1.', 'Done.']);
  });

  it('makes a span of each step', async () => {
    using spans = recordSpans();
    await reconcile();
    expect(spans.tree()).toEqual(['observe', 'decide', 'act', 'act', 'write status']);
    expect(spans.ended()[3]?.attributes).toEqual({ action: 'DeleteJob mixtral-prune-1' });
  });

  it.each([
    { what: 'the same', before: { plan: { gpusAfter: 4, gpusBefore: 8 }, phase: 'Pruning' } as const, written: false },
    { what: 'another phase', before: { ...status, phase: 'Queued' } as const, written: true },
    { what: 'a field more', before: { ...status, runKey: 'k' }, written: true },
    { what: 'none', before: undefined, written: true },
  ])('over a status that is $what writes: $written', async ({ before, written }) => {
    present = pruneJob('mixtral', before === undefined ? {} : { status: before });
    await reconcile();
    expect(steps.includes('status')).toBe(written);
  });

  it('stops at the first failure, claims nothing and says why', async () => {
    const failing: Act = (action) => (action.kind === 'DeleteJob' ? Promise.reject(new Error('It is forbidden.')) : act(action, pruneJob('x')));
    await expect(reconcile({ act: failing })).rejects.toThrow('It is forbidden.');
    expect(steps).toEqual(['DeleteClaim', 'event']);
    expect(events[0]).toMatchObject({ type: 'Warning', reason: 'ActionFailed', action: 'DeleteJob', note: 'DeleteJob mixtral-prune-1: It is forbidden.' });
  });

  it('tells of a best effort that fails, and goes on', async () => {
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'ml', name: 'chat' };
    decision = { ...decision, actions: [{ kind: 'ReleaseService', ref, bestEffort: true }, ...actions] };
    const failing: Act = (action) => (action.kind === 'ReleaseService' ? Promise.reject(new Error('It is forbidden.')) : act(action, pruneJob('x')));
    await reconcile({ act: failing });
    expect(steps).toEqual(['event', 'DeleteClaim', 'DeleteJob', 'status', 'event']);
    expect(events[0]).toMatchObject({ reason: 'ActionFailed', note: 'ReleaseService chat: It is forbidden.' });
    expect(lines).not.toContain('Done: ReleaseService chat.');
  });

  it('writes what is decided about a refusal in the place of what was refused, once', async () => {
    const refusing: Act = (action) => (action.kind === 'DeleteClaim' ? Promise.resolve({ manifest: job(pruneJob('mixtral'), 'prune'), message: 'It is invalid.' }) : act(action, pruneJob('x')));
    expect(await reconcile({ act: refusing })).toEqual({});
    expect(steps).toEqual(['status', 'event']);
    expect(client.calls[0]?.body).toMatchObject({ status: { phase: 'Failed' } });
    expect(events).toMatchObject([{ reason: 'PodTemplateInvalid' }]);
  });

  it('leaves the status to the next turn after RemoveFinalizer, after which the PruneJob may be gone', async () => {
    decision = { ...decision, actions: [{ kind: 'RemoveFinalizer' }] };
    expect(await reconcile()).toEqual({});
    expect(steps).toEqual(['RemoveFinalizer']);
  });

  it.each([
    { after: 'what follows it', refused: false, phase: status.phase },
    { after: 'a refusal of what follows it', refused: true, phase: 'Failed' },
  ])('writes the status over the version that AddFinalizer left, after $after', async ({ refused, phase }) => {
    decision = { ...decision, actions: [{ kind: 'AddFinalizer' }, ...actions] };
    const refusal = { manifest: job(pruneJob('mixtral'), 'prune'), message: 'It is invalid.' };
    const answer = (action: Action) => (action.kind === 'AddFinalizer' ? { resourceVersion: '8' } : refused ? refusal : undefined);
    await reconcile({ act: (action) => Promise.resolve(answer(action)) });
    expect(client.calls).toMatchObject([{ verb: 'applyStatus', body: { metadata: { uid: 'mixtral-uid', resourceVersion: '8' }, status: { phase } } }]);
  });

  it('tells no event of a status that was not written', async () => {
    client.failNext('applyStatus', new ApiError(500, { reason: 'InternalError', message: 'etcd is away' }));
    await expect(reconcile()).rejects.toThrow('etcd is away');
    expect(events).toEqual([]);
  });

  it('needs no status on a PruneJob that is gone', async () => {
    client.failNext('applyStatus', new ApiError(404, { reason: 'NotFound', message: 'not found' }));
    await expect(reconcile()).resolves.toEqual({ requeueAfterMs: 5000 });
  });

  describe('metrics', () => {
    const series = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values ?? [];

    it('show the phase, the GPUs and the times', async () => {
      const lastTransitionTime = '2026-01-01T01:00:00Z';
      const conditions = [{ type: 'Complete', status: 'True' as const, reason: 'Finished', message: 'm', lastTransitionTime }];
      decision = { ...decision, status: { ...status, phase: 'Complete', conditions, progress: { updatedAt: '2026-01-01T00:30:00Z' }, serving: { current: { gpus: 6 } } } };
      await reconcile();
      const labels = { namespace: 'ml', name: 'mixtral' };
      expect(await series('stun_prunejob_status_phase')).toEqual([{ labels: { ...labels, phase: 'Complete' }, value: 1 }]);
      expect(await series('stun_prunejob_completion_timestamp_seconds')).toEqual([{ labels, value: Date.parse(lastTransitionTime) / 1000 }]);
      expect(await series('stun_prunejob_progress_timestamp_seconds')).toEqual([{ labels, value: Date.parse(lastTransitionTime) / 1000 }]);
      expect(await series('stun_prunejob_gpus')).toEqual([
        { labels: { ...labels, when: 'before' }, value: 8 },
        { labels: { ...labels, when: 'after' }, value: 4 },
        { labels: { ...labels, when: 'now' }, value: 6 },
      ]);
    });

    it('of progress are never older than the PruneJob, so that one that never spoke can be called stalled', async () => {
      await reconcile();
      expect(await series('stun_prunejob_progress_timestamp_seconds')).toMatchObject([{ value: Date.parse('2026-01-01T00:00:00Z') / 1000 }]);
    });

    it('are forgotten by the reconcile that finds nothing', async () => {
      const metrics = new DomainMetrics(registry);
      metrics.show({ pruneJob: pruneJob('mixtral'), status, childJobs: [] });
      present = undefined;
      await createReconcile({ observe: () => Promise.resolve(undefined), decide: () => decision, decideRefused: () => decision, act, client, recorder: { record: () => undefined }, metrics, clock: systemClock, log })('ml/mixtral');
      expect(await series('stun_prunejob_status_phase')).toEqual([]);
      expect(client.calls).toEqual([]);
    });
  });
});
