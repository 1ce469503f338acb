/** GitOps applies things in any order: what is not there yet is a condition, retried until `serving.waitFor`, then a failure. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { apply, kubectl, remove } from './lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { condition, isTrue, read, samplePruneJob, untilFinished } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';
import { serve } from './lib/service.ts';
import { waitFor } from './lib/wait.ts';

const namespace = 'e2e-waiting';
const model = 's3://models/waiting/tiny-moe/';

const missing = [
  { thing: 'service', overlay: { serving: { ref: { name: 'absent' } } }, reason: 'ServiceNotFound', names: /absent/ },
  { thing: 'service account', overlay: { runner: { serviceAccountName: 'absent' } }, reason: 'ServiceAccountNotFound', names: /absent/ },
  { thing: 'secret', overlay: { runner: { serviceAccountName: 'keyless' } }, reason: 'SecretNotFound', names: /absent/ },
  {
    thing: 'pod that a quota refuses',
    overlay: { runner: { podTemplate: { spec: { priorityClassName: 'system-cluster-critical' } } } },
    reason: 'PodNotCreated',
    names: /kubectl -n e2e-waiting describe job/,
  },
] as const;

const noCriticalPods = {
  apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'no-critical-pods' },
  spec: { hard: { pods: '0' }, scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['system-cluster-critical'] }] } },
};

async function applyPlanOnly(name: string, overlay: Record<string, unknown>): Promise<void> {
  await apply(await samplePruneJob(name, { model: { uri: model }, planOnly: true, ...overlay }), namespace);
}

beforeAll(async () => {
  await freshNamespace(namespace);
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
  await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'keyless' }, secrets: [{ name: 'absent' }] }, namespace);
  await kubectl(['label', 'serviceaccount', 'keyless', '-n', namespace, 'stun-operator.io/runner=true', '--overwrite']);
  await apply(noCriticalPods, namespace);
  await serve('tiny-moe', namespace, { uri: model, gpus: 4 });
});

afterAll(async () => {
  await emptyNamespace(namespace);
  await s3.remove('s3://models/waiting/');
});

describe('what is not there yet', () => {
  it.each(missing)('a $thing is waited for, then named as $reason', async ({ thing, overlay, reason, names }) => {
    const name = `no-${thing.replaceAll(' ', '-').toLowerCase()}`;
    const serving = 'serving' in overlay ? { ...overlay.serving, waitFor: '5s' } : { waitFor: '5s' };
    await applyPlanOnly(name, { ...overlay, serving });
    await waitFor(`the condition of ${name}`, 60, async () => condition(await read(name, namespace), 'Planned')?.reason === reason);
    const job = await untilFinished(name, namespace, 120);
    expect(condition(job, 'Failed')?.reason, condition(job, 'Failed')?.message).toBe(reason);
    expect(condition(job, 'Failed')?.message).toMatch(names);
  });

  it('a service that comes later is found', async () => {
    await remove('prunejob', 'early', namespace);
    await applyPlanOnly('early', { serving: { ref: { name: 'late' } } });
    await waitFor('the PruneJob to wait', 60, async () => condition(await read('early', namespace), 'Planned')?.reason === 'ServiceNotFound');
    await kubectl(['delete', 'inferenceservice', 'tiny-moe', '-n', namespace, '--wait']);
    await serve('late', namespace, { uri: model, gpus: 4 });
    const job = await untilFinished('early', namespace, 300);
    expect(isTrue(job, 'Complete'), JSON.stringify(job.status?.conditions)).toBe(true);
    expect(job.status?.plan?.gpus).toBe('4→2');
  });
});
