import { describe, expect, it } from 'vitest';

import type { Deployment, KubeObject } from '../kube.ts';
import type { ServiceFields } from './adapter.ts';
import { kserve } from './kserve.ts';
import type { InferenceService } from './kserve-types.ts';
import { gpus, samples } from './testing/samples.ts';
import { applied } from './testing/server-side-apply.ts';

const { service, rendered } = samples.InferenceService!;
const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', namespace: 'ml', name: 'moe' };
const before = kserve.read(rendered(service)).fields;
const target: ServiceFields = { modelUri: 's3://models/pruned/', args: ['--tensor-parallel-size=2'], gpuLimit: 2, gpuRequest: 2, receipt: '{"runKey":"r"}' };
const canary = kserve.canary!(before, target);
const launched = applied(service, kserve.object(ref, { canary, stable: before.stable! })) as InferenceService;

function canaryDeployment(availableReplicas: number): Deployment {
  const annotations = { 'internal.serving.kserve.io/storage-initializer-sourceuri': target.modelUri };
  const containers = [{ name: 'kserve-container', args: target.args ?? [], resources: gpus(2) }];
  return {
    metadata: { name: 'moe-stun-predictor', uid: 'c', generation: 1 },
    spec: { replicas: 1, template: { metadata: { annotations }, spec: { containers } } },
    status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas },
  };
}

describe('the canary of an InferenceService', () => {
  it('is an entry of its own without traffic, whose one pod KServe would else not start, and not replace when the service gets its receipt', () => {
    const annotations = { 'serving.kserve.io/autoscalerClass': 'none', 'stun-operator.io/receipt': target.receipt };
    expect(launched.spec?.canary).toEqual([{
      trafficPercent: 0,
      predictor: { name: 'stun', annotations, minReplicas: 1, model: { modelFormat: { name: 'vLLM' }, storageUri: target.modelUri, args: target.args, resources: gpus(2) } },
    }]);
  });

  it('leaves the rest of the service as it was', () => {
    expect(launched.spec?.predictor).toEqual((service as InferenceService).spec?.predictor);
    expect(launched.metadata.annotations).toEqual(service.metadata.annotations);
  });

  it('is read back as it was written, whatever the server adds to it', () => {
    const entry = launched.spec?.canary?.[0];
    const withDefaults = { ...launched, spec: { ...launched.spec, canary: [{ ...entry, predictor: { ...entry?.predictor, model: { ...entry?.predictor?.model, name: '' } } }] } };
    expect(kserve.read(rendered(withDefaults)).fields).toEqual({ ...before, canary });
  });

  it.each([
    { available: 0, settled: false },
    { available: 1, settled: true },
  ])('runs where its own Deployment has $available pod: $settled', ({ available, settled }) => {
    const objects = rendered(launched);
    const read = kserve.read({ ...objects, deployments: [...objects.deployments, canaryDeployment(available)] });
    expect(read.canary).toMatchObject({ modelUri: target.modelUri, gpusPerReplica: 2, tensorParallel: 2, settled });
    expect(read.running).toMatchObject({ modelUri: before.modelUri, settled: true });
  });

  it.each([
    { pods: [], gone: true },
    { pods: [{ metadata: { name: 'moe-stun-predictor-6cbd7f547-j296r' }, status: { phase: 'Running' } }], gone: false },
    { pods: [{ metadata: { name: 'moe-stun-predictor-6cbd7f547-j296r' }, status: { phase: 'Succeeded' } }], gone: true },
  ])('is gone with the last of its pods, not with its Deployment: $gone', ({ pods, gone }) => {
    const objects = rendered(service);
    const { canary: running, running: stable } = kserve.read({ ...objects, pods: [...objects.pods, ...pods] });
    expect(running === undefined).toBe(gone);
    expect(stable.settled).toBe(true);
  });
});

describe('an InferenceService that can have no canary', () => {
  const unsuited = (changes: { readonly annotations?: object; readonly predictor?: object }): string | undefined => {
    const { metadata, spec } = service as InferenceService;
    const changed: KubeObject = { ...service, metadata: { ...metadata, annotations: { ...metadata.annotations, ...changes.annotations } }, spec: { predictor: { ...spec?.predictor, ...changes.predictor } } };
    return kserve.read(rendered(changed)).unsuited.Canary;
  };

  it.each([
    { when: 'declares Standard mode', changes: {}, says: undefined },
    { when: 'has the mode under its older name', changes: { annotations: { 'serving.kserve.io/deploymentMode': 'RawDeployment' } }, says: /deploymentMode: Standard, without/ },
    { when: 'has several replicas and no upper bound', changes: { predictor: { minReplicas: 3 } }, says: undefined },
    { when: 'has room for one more', changes: { predictor: { minReplicas: 3, maxReplicas: 4 } }, says: undefined },
    { when: 'has no room for one more', changes: { predictor: { minReplicas: 3, maxReplicas: 3 } }, says: /maxReplicas is 3$/ },
  ])('$when', ({ changes, says }) => {
    if (says === undefined) expect(unsuited(changes)).toBeUndefined();
    else expect(unsuited(changes)).toMatch(says);
  });
});
