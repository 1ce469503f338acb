/** A real API server that enforces Pod Security "restricted" takes the operator's pod and every engine pod, and what the policy lets an author ask for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiServer, type ApiServer } from '../e2e/lib/apiserver.ts';
import { engineJob } from '../src/prunejob/engine/job.ts';
import { pruneJob, runKey, spec } from '../src/prunejob/testing/builders.ts';
import { ofKind, renderChart } from '../scripts/chart.ts';
import { apply } from './testing/audited-operator.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Templated {
  readonly spec: { readonly template: { readonly metadata: object; readonly spec: object } };
}

const namespace = 'restricted';
let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
  await apply(server, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } }]);
});
afterAll(() => server.stop());

async function admitted({ spec: { template } }: Templated): Promise<string> {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...template.metadata, name: 'dry' }, spec: template.spec };
  const { code, body } = await server.call('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`, pod);
  return code === 201 ? 'admitted' : (body as { message: string }).message;
}

function engine(stage: 'inspect' | 'prune' | 'clean', podTemplate: Fields = {}, runner: Fields = {}): Templated {
  const asked = pruneJob({ spec: { model: { uri: 'pvc://models/dense/' }, runner: { ...spec().runner, ...runner, podTemplate } }, status: { runKey } });
  const options = { pruneJob: asked, stage, attempt: 1, engine: { image: 'stun-engine:0.1.0', serviceAccountName: 'default' }, serviceAccount: { name: 'pruner', secretNames: ['s3'] } };
  return engineJob(options) as unknown as Templated;
}

it('the operator\'s pod is admitted', async () => {
  expect(await admitted(ofKind(renderChart(), 'Deployment')[0] as unknown as Templated)).toBe('admitted');
});

it.each(['inspect', 'prune', 'clean'] as const)('the pod that is to %s is admitted', async (stage) => {
  expect(await admitted(engine(stage))).toBe('admitted');
  expect(await admitted(engine(stage, {}, { scratch: { size: '2Ti', storageClassName: 'fast' } }))).toBe('admitted');
});

describe('a pod template of an author', () => {
  it.each([
    ['where it runs', { spec: { nodeSelector: { pool: 'gpu' }, tolerations: [{ operator: 'Exists' }], runtimeClassName: null } }],
    ['volumes of its namespace', { spec: { volumes: [{ name: 'a', configMap: { name: 'ca' } }, { name: 'b', persistentVolumeClaim: { claimName: 'c' } }, { name: 'd', projected: { sources: [{ configMap: { name: 'x' } }] } }] } }],
    ['another user', { spec: { securityContext: { runAsUser: 1000, fsGroup: 1000 } } }],
  ])('with %s is admitted', async (_, podTemplate) => {
    expect(await admitted(engine('prune', podTemplate))).toBe('admitted');
  });

  it.each([
    ['hostNetwork', { spec: { hostNetwork: true } }],
    ['hostPath', { spec: { volumes: [{ name: 'v', hostPath: { path: '/' } }] } }],
    ['capabilities', { spec: { containers: [{ name: 'engine', securityContext: { capabilities: { add: ['NET_ADMIN'] } } }] } }],
  ])('with %s is what Pod Security refuses, too', async (says, podTemplate) => {
    expect(await admitted(engine('prune', podTemplate))).toMatch(new RegExp(`violates PodSecurity "restricted:latest".*${says}`, 'i'));
  });
});
