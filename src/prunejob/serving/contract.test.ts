/** What the rest of the operator relies on, of every adapter in the registry. */
import { describe, expect, it } from 'vitest';

import { compact } from '../compact.ts';
import type { Deployment, KubeObject } from '../kube.ts';
import { runs } from '../handover/handover.ts';
import type { ServiceFields, ServiceTarget } from './adapter.ts';
import { restoredFields, sameFields } from './fields.ts';
import { merged } from './patch.ts';
import { patchFiles } from './patch-files.ts';
import { serviceKind, serviceKinds } from './registry.ts';
import { patched } from './testing/json-patch.ts';
import { denseUri, podOf, samples, type Sample } from './testing/samples.ts';
import { applied } from './testing/server-side-apply.ts';

const prunedUri = 's3://models/pruned/moe/0123456789abcdef/';
const receipt = '{"runKey":"0123456789abcdef"}';
const rows = serviceKinds.map((kind) => ({ kind: kind.type.kind, ...kind, sample: samples[kind.type.kind] as Sample }));
const target = (strategy: ServiceTarget['strategy']): ServiceTarget => ({ modelUri: prunedUri, gpusPerReplica: 2, tensorParallel: 2, strategy, deadlineSeconds: 1800 });

describe.each(rows)('the adapter of $kind', ({ type, adapter, sample: { service, rendered } }) => {
  const ref = { apiVersion: `${type.group}/${type.version}`, kind: type.kind, namespace: 'ml', name: 'moe' };
  const before = adapter.read(rendered(service));
  const rollouts = (['Canary', 'Surge', 'Recreate'] as const).filter((strategy) => before.unsuited[strategy] === undefined).map((strategy) => {
    const fields: ServiceFields = { ...adapter.targetFields(before.fields, target(strategy)), receipt };
    const object = adapter.object(ref, fields);
    return { strategy, fields, object, live: applied(service, object) };
  });

  it('is the one that its reference finds', () => {
    expect(serviceKind(ref)?.adapter).toBe(adapter);
  });

  it('reads a service at rest: model, GPUs, size, node, no refusal', () => {
    expect(before.refusal).toBeUndefined();
    expect(before).toMatchObject({ fields: { modelUri: denseUri, gpuLimit: 4 }, replicas: 1, tensorParallel: 4, nodeNames: ['gpu-0'], managedByUs: false, gitOwners: [] });
    expect(runs(before.running, before.fields, 4)).toBe(true);
  });

  it.each(rollouts)('moves it by $strategy: what is read afterwards is what was asked for', ({ live, fields }) => {
    const after = adapter.read(rendered(live));
    expect(after.fields).toEqual(fields);
    expect(after.running).toMatchObject({ modelUri: prunedUri, gpusPerReplica: 2, tensorParallel: 2, settled: true });
    expect(runs(after.running, before.fields)).toBe(false);
  });

  it.each(rollouts)('puts it back after $strategy, to the last field', ({ live, object, fields }) => {
    const current = adapter.read(rendered(live)).fields;
    expect(sameFields(current, before.fields)).toBe(false);
    const restored = applied(live, adapter.object(ref, restoredFields(before.fields, fields, current)), object);
    expect(restored.spec).toEqual(service.spec);
    expect(adapter.read(rendered(restored)).fields).toEqual(before.fields);
  });

  it.each(rollouts)('applies names and fields by $strategy, and nothing that would bind it to one version', ({ object }) => {
    expect(Object.keys(object).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(object.metadata).toEqual({ name: 'moe', namespace: 'ml', annotations: { 'stun-operator.io/receipt': receipt } });
  });

  it('knows onto which nodes its pods may go: as their template says, with the tolerations that admission gave them', () => {
    const { deployments, pods, ...objects } = rendered(service);
    const nodeSelector = { pool: 'serving' };
    const placed = (deployment: Deployment): Deployment => ({ ...deployment, spec: { ...deployment.spec, template: { ...deployment.spec?.template, spec: { ...deployment.spec?.template?.spec, nodeSelector, tolerations: [{ key: 'team' }] } } } });
    const tolerated = pods.map((pod) => ({ ...pod, spec: { ...pod.spec, tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] } }));
    const itself = deployments[0] === service ? { service: placed(service as Deployment) as KubeObject } : {};
    const { placement } = adapter.read({ ...objects, ...itself, deployments: deployments.map(placed), pods: tolerated });
    expect(placement).toEqual({ nodeSelector, tolerations: [{ key: 'team' }, { key: 'nvidia.com/gpu', operator: 'Exists' }] });
  });

  it('is moved, and moved back, by the patch for Git as by the rollout', () => {
    const wanted = adapter.object(ref, compact({ ...adapter.targetFields(before.fields, target('Surge')), receipt, deploymentStrategy: undefined, progressDeadlineSeconds: undefined }));
    const files = patchFiles(ref, service, wanted) ?? {};
    const there = patched(service, files['json-patch.json']);
    expect(there).toEqual(merged(service, wanted));
    expect(runs(adapter.read(rendered(there)).running, adapter.read(rendered(there)).fields, 2)).toBe(true);
    expect(patched(there, files['revert-json-patch.json'])).toEqual(service);
    expect(() => patched(there, files['json-patch.json'])).toThrow('test');
  });

  it('refuses a service with nothing in it by a sentence that names it', () => {
    const { apiVersion, kind, metadata } = service;
    const empty = adapter.read({ service: { apiVersion, kind, metadata }, deployments: [], replicaSets: [], pods: [] });
    expect(empty.refusal?.message).toMatch(new RegExp(`^${type.kind} moe .*\\.$`));
    expect(empty.running.settled).toBe(false);
  });

  it('sees that Git owns what a rollout writes', () => {
    const owned = { ...service, metadata: { ...service.metadata, managedFields: [{ manager: 'argocd-controller', operation: 'Apply', fieldsV1: { 'f:spec': {} } }] } };
    const { gitOwners, otherManagers } = adapter.read(rendered(owned));
    expect(gitOwners[0]?.fields.length).toBeGreaterThan(2);
    expect(otherManagers).toEqual(['argocd-controller']);
  });

  it('is not settled while a pod of the old template is there', () => {
    const objects = rendered(service);
    expect(adapter.read({ ...objects, pods: [...objects.pods, podOf('old')] }).running).toMatchObject({ settled: false, pending: expect.stringContaining('old template') as string });
  });

  it.each([
    { which: 'new', fails: true },
    { which: 'old', fails: false },
  ] as const)('takes a crashing pod of the $which template for a failure: $fails', ({ which, fails }) => {
    const crashing = podOf(which, { phase: 'Running', containerStatuses: [{ name: 'c', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } }] });
    const { failure } = adapter.read({ ...rendered(service), pods: [crashing] }).running;
    expect(failure === undefined).toBe(!fails);
  });
});
