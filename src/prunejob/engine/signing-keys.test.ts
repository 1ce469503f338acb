import { describe, expect, it } from 'vitest';

import type { Stage } from '../../api/names.ts';
import { engineJob } from './job.ts';
import { child, pruneJob, secondsBefore, spec } from '../testing/builders.ts';
import { condition, decided, planned } from '../testing/decided.ts';
import type { KubeCondition, Pod } from '../kube.ts';

const signed = { output: { uri: 's3://models/pruned/', signing: { secretRef: { name: 'model-signing' } } } };

function pod(stage: Stage, overrides: Parameters<typeof pruneJob>[0] = { spec: signed }): { volumes: object[]; containers: { args: string[]; env: object[]; envFrom: object[]; volumeMounts: object[] }[] } {
  const engine = { image: 'stun-engine:0.1.0', serviceAccountName: 'default' };
  const job = engineJob({ pruneJob: pruneJob(overrides), stage, attempt: 1, engine, serviceAccount: { name: 'pruner', secretNames: ['s3'] } });
  return (job.spec as { template: { spec: ReturnType<typeof pod> } }).template.spec;
}

describe('the keys of output.signing', () => {
  it.each([
    { stage: 'prune', items: ['signing.key', 'signing.pub'], args: ['--signing-key', '/signing/signing.key', '--public-key', '/signing/signing.pub'] },
    { stage: 'inspect', items: ['signing.pub'], args: ['--public-key', '/signing/signing.pub'] },
  ] as const)('$stage has $items as files, and nothing in its environment', ({ stage, items, args }) => {
    const { volumes, containers: [engine] } = pod(stage);
    expect(volumes).toContainEqual({ name: 'signing', secret: { secretName: 'model-signing', defaultMode: 0o440, items: items.map((key) => ({ key, path: key })) } });
    expect(engine?.volumeMounts).toContainEqual({ name: 'signing', mountPath: '/signing', readOnly: true });
    expect(engine?.args.join(' ')).toContain(args.join(' '));
    expect(JSON.stringify([engine?.env, engine?.envFrom])).not.toMatch(/signing/);
  });

  it.each(['evaluate', 'clean'] as const)('%s has none', (stage) => {
    expect(JSON.stringify(pod(stage))).not.toContain('signing');
  });

  it.each(['inspect', 'prune'] as const)('%s has none where nothing is to be signed', (stage) => {
    expect(JSON.stringify(pod(stage, {}))).not.toContain('signing');
  });

  it('stay those of the PruneJob: an overlay that takes another Secret asks for a privilege', () => {
    const volumes = [{ name: 'signing', secret: { secretName: 'other', items: [{ key: 'password', path: 'signing.pub' }] } }];
    const runner = { ...spec().runner, podTemplate: { spec: { volumes } } };
    expect(condition(decided({ spec: { ...signed, runner } }), 'Failed')).toMatchObject({ reason: 'PodTemplateNotAllowed' });
  });
});

describe('a pod that cannot mount them', () => {
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: secondsBefore(30) };
  const setUp = (status: string) => ({ type: 'PodReadyToStartContainers', status });
  const creating = { name: 'engine', state: { waiting: { reason: 'ContainerCreating' } } };
  const waitingPod = (conditions: readonly KubeCondition[], phase = 'Pending'): Pod => ({ metadata: { name: 'p', namespace: 'ml' }, status: { phase, conditions, containerStatuses: [creating] } });
  const inspecting = (found: Pod, overrides = {}) => decided({ spec: signed, childJobs: [child('inspect', { pods: [found] })], ...overrides });

  it('is waited for, with what to create', () => {
    const decision = inspecting(waitingPod([scheduled, setUp('False')]));
    expect(condition(decision, 'Planned')).toMatchObject({ status: 'False', reason: 'SecretNotFound', message: expect.stringMatching(/create Secret ml\/model-signing with signing\.pub; `kubectl -n ml describe pod p`/) as string });
    expect(decision.requeueAfterMs).toBe(10_000);
  });

  it('ends the run after serving.waitFor', () => {
    const status = { phase: 'Inspecting' as const, waiting: { reason: 'SecretNotFound', since: secondsBefore(601) } };
    expect(condition(inspecting(waitingPod([scheduled, setUp('False')]), { status }), 'Failed')?.reason).toBe('SecretNotFound');
  });

  it.each([
    { name: 'just scheduled', conditions: [{ ...scheduled, lastTransitionTime: secondsBefore(29) }, setUp('False')] },
    { name: 'pulling its image', conditions: [scheduled, setUp('True')] },
    { name: 'on no node', conditions: [{ ...scheduled, status: 'False' }, setUp('False')] },
    { name: 'of a kubelet that says nothing', conditions: [scheduled] },
  ])('is not one that is $name', ({ conditions }) => {
    expect(condition(inspecting(waitingPod(conditions)), 'Planned')?.reason).not.toBe('SecretNotFound');
  });

  it('is not one that has ended, nor one of a run without a signature', () => {
    expect(condition(inspecting(waitingPod([scheduled, setUp('False')], 'Failed')), 'Planned')?.reason).not.toBe('SecretNotFound');
    expect(condition(inspecting(waitingPod([scheduled, setUp('False')]), { spec: {} }), 'Planned')?.reason).not.toBe('SecretNotFound');
  });

  it('is looked at again while it prunes, because nothing tells of it', () => {
    const pods = [waitingPod([{ ...scheduled, lastTransitionTime: secondsBefore(1) }, setUp('False')])];
    const early = decided({ spec: signed, status: planned, childJobs: [child('prune', { pods })] });
    expect(early.requeueAfterMs).toBe(10_000);
    const late = decided({ spec: signed, status: planned, childJobs: [child('prune', { pods: [waitingPod([scheduled, setUp('False')])] })] });
    expect(condition(late, 'Queued')).toMatchObject({ reason: 'SecretNotFound', message: expect.stringContaining('signing.key and signing.pub') as string });
  });
});
