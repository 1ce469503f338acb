/** A PruneJob names nothing outside of its own namespace: there is no field for it, and no name that would be read as one. */
import { afterAll, beforeAll, expect, it } from 'vitest';

import { Api, merge, pruneJob, serving, specWith, type Fields } from './fixture.ts';

const strictly = '/apis/stun-operator.io/v1alpha1/namespaces/default/prunejobs?dryRun=All&fieldValidation=Strict';

let api: Api;
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.server.stop());

const inOther = { namespace: 'other' };
const fields: readonly (readonly [string, Fields])[] = [
  ['spec.serving.ref.namespace', { serving: merge(serving, { ref: inOther }) }],
  ['spec.runner.namespace', { runner: inOther }],
  ['spec.model.namespace', { model: inOther }],
  ['spec.output.namespace', { output: inOther }],
  ['spec.output.signing.secretRef.namespace', { output: { signing: { secretRef: { name: 'keys', ...inOther } } } }],
];

it.each(fields)('%s is unknown: refused by who is strict, dropped for who is not', async (path, fragment) => {
  const { code, body } = await api.server.call('POST', strictly, pruneJob('dry', specWith(fragment)));
  expect(code).toBe(400);
  expect((body as { message: string }).message).toContain(`unknown field "${path}"`);
  expect(JSON.stringify((await api.tryCreate(specWith(fragment))).object?.spec)).not.toContain('other');
});

it.each([
  ['a service', { serving: merge(serving, { ref: { name: 'other/moe' } }) }],
  ['a service further away', { serving: merge(serving, { ref: { name: '../other/moe' } }) }],
  ['a ServiceAccount', { runner: { serviceAccountName: 'other/pruner' } }],
  ['a Secret', { output: { signing: { secretRef: { name: 'other/keys' } } } }],
  ['a ServiceAccount by its user name', { runner: { serviceAccountName: 'system:serviceaccount:other:pruner' } }],
])('%s of another namespace has no name that is taken', async (_, fragment) => {
  expect((await api.tryCreate(specWith(fragment))).refusal).toMatch(/name as kubectl get shows it/);
});
