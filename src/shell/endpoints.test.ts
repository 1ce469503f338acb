import { beforeEach, expect, it } from 'vitest';

import type { PruneJob, RolloutStatus } from '../api/v1alpha1/prunejob.ts';
import type { NetworkService } from '../prunejob/serving/endpoint-url.ts';
import { serviceKind } from '../prunejob/serving/registry.ts';
import { endpointsOf } from './endpoints.ts';
import { networkServiceType } from './resources.ts';
import { FakeClient } from './testing/fake-client.ts';
import { pruneJob } from './testing/samples.ts';

const canary = { canaryReadyAt: '2026-01-01T00:00:00Z' };
const quality = { endpoint: { tasks: [{ name: 'gsm8k' as const, uri: 's3://data/gsm8k.jsonl', minRetained: 0.9 }] } };
const serving = (kind: string, apiVersion: string) => ({ ref: { apiVersion, kind, name: 'moe' }, strategy: 'Canary' }) as NonNullable<PruneJob['spec']['serving']>;
const inferenceService = serving('InferenceService', 'serving.kserve.io/v1beta1');

let client: FakeClient;

function putService(name: string, clusterIP: string): void {
  const service: NetworkService = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'ml' }, spec: { clusterIP, ports: [{ port: 80 }] } };
  client.put(networkServiceType, service);
}

beforeEach(() => {
  client = new FakeClient();
  putService('moe-predictor', '10.96.0.7');
});

function ask(rollout: RolloutStatus, spec: Partial<PruneJob['spec']> = {}): ReturnType<typeof endpointsOf> {
  const job = pruneJob('run', { spec: { serving: inferenceService, quality, ...spec }, status: { serving: { rollout } } });
  return endpointsOf({ client, kindOf: serviceKind }, job);
}

it('are those of the service and of its canary', async () => {
  putService('moe-stun-predictor', '10.96.0.8');
  expect(await ask(canary)).toEqual({ serving: 'http://10.96.0.7:80', canary: 'http://10.96.0.8:80' });
});

it.each([
  { what: 'before the canary runs', rollout: {}, spec: {} },
  { what: 'once its answers are judged', rollout: { ...canary, evaluatedAt: '2026-01-01T01:00:00Z' }, spec: {} },
  { what: 'once it goes', rollout: { ...canary, rollbackStartedAt: '2026-01-01T01:00:00Z' }, spec: {} },
  { what: 'without a gate', rollout: canary, spec: { quality: {} } },
  { what: 'of a kind that has no canary', rollout: canary, spec: { serving: serving('Deployment', 'apps/v1') } },
])('are not asked for $what', async ({ rollout, spec }) => {
  expect([await ask(rollout, spec), client.calls]).toEqual([undefined, []]);
});

it('are both there or none', async () => {
  expect(await ask(canary)).toBeUndefined();
});
