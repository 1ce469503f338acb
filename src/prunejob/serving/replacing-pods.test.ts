import { describe, expect, it } from 'vitest';

import type { KubeObject } from '../kube.ts';
import type { ServiceFields } from './adapter.ts';
import { restoredFields } from './fields.ts';
import { kserve } from './kserve.ts';
import type { InferenceService, Predictor } from './kserve-types.ts';
import { samples } from './testing/samples.ts';
import { applied } from './testing/server-side-apply.ts';

const { service: sample, rendered } = samples.InferenceService!;
const ref = { apiVersion: sample.apiVersion, kind: sample.kind, namespace: 'ml', name: 'moe' };
const predictorOf = (service: KubeObject): Predictor => (service as InferenceService).spec?.predictor ?? {};
const serviceWith = (deploymentStrategy: object): KubeObject => ({ ...sample, spec: { predictor: { ...predictorOf(sample), deploymentStrategy } } });
const read = (service: KubeObject): ServiceFields => kserve.read(rendered(service)).fields;

const own = [
  { type: 'Recreate' },
  { type: 'RollingUpdate' },
  { rollingUpdate: { maxSurge: '50%' } },
  { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
  { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
];
const rows = own.flatMap((strategy) => (['Canary', 'Surge', 'Recreate'] as const).map((rollout) => ({ strategy, rollout })));

describe.each(rows)('a service that replaces its pods by $strategy, moved by $rollout', ({ strategy, rollout }) => {
  const service = serviceWith(strategy);
  const before = read(service);
  const fields = kserve.targetFields(before, { modelUri: 's3://pruned/', gpusPerReplica: 2, tensorParallel: 2, strategy: rollout, deadlineSeconds: 1800 });
  const write = kserve.object(ref, fields);
  const during = applied(service, write);

  it('does so in a way that Kubernetes takes, with old pods that stay, or go first', () => {
    const { type, rollingUpdate } = predictorOf(during).deploymentStrategy ?? {};
    if (rollout !== 'Recreate') expect([type, rollingUpdate]).toEqual(['RollingUpdate', { maxSurge: 1, maxUnavailable: 0 }]);
    else expect([{ type: 'Recreate' }, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '100%' } }]).toContainEqual(predictorOf(during).deploymentStrategy);
  });

  it('is seen to run, whatever its way', () => {
    expect(kserve.read(rendered(during)).running).toMatchObject({ modelUri: 's3://pruned/', gpusPerReplica: 2, settled: true });
  });

  it('gets its own way back when it serves', () => {
    const after = applied(during, kserve.object(ref, { ...fields, deploymentStrategy: strategy }), write);
    expect(predictorOf(after).deploymentStrategy).toEqual(strategy);
  });

  it('is put back to the last field', () => {
    const after = applied(during, kserve.object(ref, restoredFields(before, fields, read(during))), write);
    expect(after.spec).toEqual(service.spec);
  });
});
