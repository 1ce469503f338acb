import { describe, expect, it } from 'vitest';

import type { Deployment } from '../kube.ts';
import type { ServiceTarget, ServingObjects } from './adapter.ts';
import { deployment } from './deployment.ts';
import { podSelector } from './deployment-types.ts';
import { denseUri, gpus, podOf, vllmDeployment } from './testing/samples.ts';

const pruned = 's3://pruned/moe/';
const target: ServiceTarget = { modelUri: pruned, gpusPerReplica: 2, tensorParallel: 2, strategy: 'Surge', deadlineSeconds: 1800 };
const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'ml', name: 'moe' };

/** A container that fetches the model which the pod template's annotation names. */
const fetcher = { name: 'fetch', env: [{ name: 'URI', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['stun-operator.io/model-uri']" } } }] };
const server = { name: 'vllm', args: ['/models/moe', '-tp=4'], resources: gpus(4) };
const annotated = (containers: object = { containers: [server], initContainers: [fetcher] }) =>
  vllmDeployment({ spec: { template: { metadata: { annotations: { 'stun-operator.io/model-uri': denseUri } }, spec: containers } } });

const read = (service: ReturnType<typeof vllmDeployment>) => deployment.read({ service, deployments: [], replicaSets: [], pods: [] });

describe('the model of a Deployment', () => {
  it('is the URI that vLLM is given, and is changed there', () => {
    const { fields } = read(vllmDeployment());
    expect(fields).toMatchObject({ modelUri: denseUri, place: { container: 'vllm', model: 'Argument' } });
    expect(deployment.targetFields(fields, target)).toMatchObject({ modelUri: pruned, args: [pruned, '--served-model-name=moe', '--tensor-parallel-size=2'] });
  });

  it('is the URI that another container fetches, and is changed in the annotation alone', () => {
    const { fields, refusal } = read(annotated());
    expect(refusal).toBeUndefined();
    expect(fields).toMatchObject({ modelUri: denseUri, place: { container: 'vllm', model: 'Annotation' } });
    expect(deployment.object(ref, deployment.targetFields(fields, target))).toMatchObject({
      metadata: { name: 'moe', namespace: 'ml' },
      spec: { template: { metadata: { annotations: { 'stun-operator.io/model-uri': pruned } }, spec: { containers: [{ name: 'vllm', args: ['/models/moe', '-tp=2'], resources: gpus(2) }] } } },
    });
  });
});

describe('a Deployment', () => {
  const container = (change: object) => vllmDeployment({ container: change });
  it.each([
    { name: 'of another owner', service: vllmDeployment({ metadata: { ownerReferences: [{ kind: 'InferenceService', name: 'moe', controller: true }] } }), says: /made by InferenceService moe/ },
    { name: 'that is paused', service: vllmDeployment({ spec: { paused: true } }), says: /paused/ },
    { name: 'without replicas', service: vllmDeployment({ spec: { replicas: 0 } }), says: /0 replicas/ },
    { name: 'without a GPU', service: container({ resources: {} }), says: /no container with a nvidia\.com\/gpu limit/ },
    { name: 'with two servers', service: annotated({ containers: [server, { ...server, name: 'draft' }], initContainers: [fetcher] }), says: /several containers.*vllm and draft/ },
    { name: 'that starts by a shell', service: container({ command: ['sh', '-c'], args: ['vllm serve'] }), says: /through sh/ },
    { name: 'with a path for a model', service: container({ args: ['/models/moe', '-tp=4'] }), says: /serves \/models\/moe, which does not say/ },
    { name: 'with a Hub name', service: container({ args: ['--model=mistralai/Mixtral-8x7B-v0.1', '-tp=4'] }), says: /serves mistralai\/Mixtral-8x7B-v0\.1/ },
    { name: 'with a model from the environment', service: container({ args: ['$(MODEL)', '-tp=4'] }), says: /serves \$\(MODEL\)/ },
    { name: 'with no model', service: container({ args: ['-tp=4'] }), says: /names no model/ },
    { name: 'whose clients know the model by its URI', service: container({ args: [denseUri, '-tp=4'] }), says: /--served-model-name/ },
    { name: 'with two models', service: annotated({ containers: [{ ...server, args: [denseUri, '-tp=4'] }], initContainers: [fetcher] }), says: /twice/ },
    { name: 'whose annotation nobody reads', service: annotated({ containers: [server] }), says: /no container reads it/ },
  ])('$name is refused, with what to change and how to move it by hand', ({ service, says }) => {
    const { refusal } = read(service);
    expect(refusal?.message).toMatch(says);
    expect(refusal?.message).toMatch(/^Deployment moe .*\. To move it by hand, /);
  });

  it.each([
    { own: undefined, timeout: 1800, deadline: 1800 },
    { own: undefined, timeout: 60, deadline: 600 },
    { own: 7200, timeout: 1800, deadline: 7200 },
  ])('of a deadline of $own seconds is given $deadline for a rollout of $timeout', ({ own, timeout, deadline }) => {
    const fields = { ...read(vllmDeployment()).fields, ...(own === undefined ? {} : { progressDeadlineSeconds: own }) };
    expect(deployment.targetFields(fields, { ...target, deadlineSeconds: timeout }).progressDeadlineSeconds).toBe(deadline);
  });

  it.each([
    { own: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } }, strategy: 'Surge', expected: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
    { own: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } }, strategy: 'Recreate', expected: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } } },
    { own: { type: 'Recreate' }, strategy: 'Recreate', expected: { type: 'Recreate' } },
    { own: { type: 'Recreate' }, strategy: 'Surge', expected: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
  ] as const)('that replaces pods by $own.type does so for $strategy by $expected', ({ own, strategy, expected }) => {
    const { fields } = read(vllmDeployment({ spec: { strategy: own } }));
    expect(deployment.targetFields(fields, { ...target, strategy }).deploymentStrategy).toEqual(expected);
  });

  it('names the fields that Git owns as people write them', () => {
    const fieldsV1 = { 'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"vllm"}': { 'f:args': {} }, 'k:{"name":"proxy"}': { 'f:command': {} } } } } } };
    const { gitOwners } = read(vllmDeployment({ metadata: { managedFields: [{ manager: 'argocd-controller', operation: 'Apply', fieldsV1 }] } }));
    expect(gitOwners).toEqual([{ manager: 'argocd-controller', fields: ['spec.template.spec.containers[vllm].args'] }]);
  });

  it.each([
    { what: 'its change', status: { observedGeneration: 2 }, failure: false },
    { what: 'nothing', status: {}, failure: true },
  ])('that has not taken up $what: a deadline that passed is a failure, $failure', ({ status, failure }) => {
    const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' }];
    const service = { ...vllmDeployment(), status: { ...(vllmDeployment() as Deployment).status, conditions, ...status } };
    const objects: ServingObjects = { service, deployments: [], replicaSets: [], pods: [podOf('new')] };
    expect(deployment.read(objects).running.failure !== undefined).toBe(failure);
  });
});

describe('the pods of a Deployment', () => {
  it('are selected as the Deployment selects them', () => {
    const matchExpressions = [{ key: 'tier', operator: 'In', values: ['a', 'b'] }, { key: 'old', operator: 'DoesNotExist' }, { key: 'x', operator: 'Exists' }, { key: 'y', operator: 'NotIn', values: ['z'] }];
    expect(podSelector(vllmDeployment({ spec: { selector: { matchLabels: { app: 'moe', 'example.org/team': 'ml' }, matchExpressions } } }))).toBe('app=moe,example.org/team=ml,tier in (a,b),!old,x,y notin (z)');
  });
});
