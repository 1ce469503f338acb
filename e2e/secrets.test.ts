/** Secrets stay where they are: real ones are handed to engines that succeed and fail, and then looked for wherever anybody can read. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { apply, kubectl, list, type Resource } from './lib/kubectl.ts';
import { emptyNamespace, freshNamespace } from './lib/namespace.ts';
import { operatorNamespace } from './lib/operator.ts';
import { condition, isTrue, read, samplePruneJob, untilFinished, type Overlay } from './lib/prunejob.ts';
import * as s3 from './lib/s3.ts';

const namespace = 'e2e-secrets';
const storage = 's3://models/secrets/';
const model = `${storage}tiny-moe/`;

/** What must not be told. The first is the storage's own key, which opens it. */
const canaries: readonly string[] = [process.env.AWS_SECRET_ACCESS_KEY ?? 'unset', 'canary-wrong-key-7c1f', 'canary-other-data-51b2', 'canary-variable-9e3d'];
const [, wrongKey = '', otherData = '', variable = ''] = canaries;

const container = (fields: Overlay): Overlay => ({ runner: { podTemplate: { spec: { containers: [{ name: 'engine', ...fields }] } } } });
const runs: readonly { readonly name: string; readonly overlay: Overlay; readonly reason: string }[] = [
  { name: 'published', overlay: { runner: { serviceAccountName: 'keeper' }, quality: undefined }, reason: 'Complete' },
  { name: 'denied', overlay: { runner: { serviceAccountName: 'stranger' } }, reason: 'Failed' },
  { name: 'refused', overlay: container({ envFrom: [{ secretRef: { name: 's3-credentials' } }], env: [{ name: 'TOKEN', value: variable, valueFrom: { secretKeyRef: { name: 'keeper', key: 'OTHER' } } }] }), reason: 'Failed' },
  { name: 'told', overlay: { ...container({ env: [{ name: 'TOKEN', value: variable }] }), quality: undefined }, reason: 'Complete' },
];

beforeAll(async () => {
  await freshNamespace(namespace);
  await s3.put('engine/fixture/model', model);
  await s3.put('engine/fixture/data/', 's3://data/');
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_DEFAULT_REGION = '', S3_ENDPOINT = '' } = process.env;
  await offer('keeper', { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION, S3_ENDPOINT, OTHER: otherData });
  await offer('stranger', { AWS_ACCESS_KEY_ID: 'stranger', AWS_SECRET_ACCESS_KEY: wrongKey, AWS_DEFAULT_REGION, S3_ENDPOINT });
  for (const { name, overlay } of runs) await apply(await samplePruneJob(name, { model: { uri: model }, output: { uri: `${storage}${name}/` }, serving: undefined }, overlay), namespace);
});

afterAll(async () => {
  await emptyNamespace(namespace);
  await s3.remove(storage);
});

/** A ServiceAccount that engines may use, with a Secret of its own. */
async function offer(name: string, stringData: Record<string, string>): Promise<void> {
  await apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData }, namespace);
  await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, labels: { 'stun-operator.io/runner': 'true' } }, secrets: [{ name }] }, namespace);
}

describe.each(runs)('the run $name', ({ name, reason }) => {
  it(`is ${reason}, and tells no secret`, async () => {
    const job = await untilFinished(name, namespace, 600);
    expect(isTrue(job, reason), JSON.stringify(job.status?.conditions)).toBe(true);
    expect(found(JSON.stringify(job.status))).toEqual([]);
  });
});

it('each failure is one that had a secret at hand', async () => {
  expect(condition(await read('denied', namespace), 'Failed')?.reason).toMatch(/StorageUnavailable|ModelNotFound|ModelUnreadable/);
  expect(condition(await read('refused', namespace), 'Failed')?.reason).toBe('PodTemplateNotAllowed');
});

it.each([
  ['events', () => kubectl(['get', 'events.events.k8s.io', '-n', namespace, '-o', 'json'])],
  ['the status of pods, their termination messages included', () => statusesOf('pods')],
  ['the status of Jobs', () => statusesOf('jobs')],
  ['ConfigMaps', () => kubectl(['get', 'configmaps', '-n', namespace, '-o', 'json'])],
  ['the logs of the engines', () => logs(namespace, 'stun-operator.io/stage')],
  ['the logs of the operator', () => logs(operatorNamespace, 'app.kubernetes.io/name=stun-operator')],
  ['what the operator tells Prometheus', metrics],
  ['what is published', published],
] as const)('no secret is in %s', async (_, read) => {
  const text = await read();
  expect(text.length).toBeGreaterThan(20);
  expect(found(text)).toEqual([]);
});

it('no secret of the storage is in what the operator made', async () => {
  const made = await kubectl(['get', 'jobs,pods', '-n', namespace, '-l', 'stun-operator.io/prunejob', '-o', 'json']);
  // The variable's value was written into the PruneJob by its author, and stands in the pod as it stands there.
  expect(found(made).filter((secret) => secret !== variable)).toEqual([]);
  expect(made).toContain('"name": "keeper"');
});

type Pod = Resource<{
  readonly automountServiceAccountToken: boolean;
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
  readonly containers: readonly { readonly securityContext: Readonly<Record<string, unknown>>; readonly volumeMounts: readonly { readonly mountPath: string }[] }[];
}>;

describe('every engine pod, in a namespace that enforces Pod Security "restricted"', () => {
  it('was let in, has no API token and a root that nothing writes to', async () => {
    const labels = await kubectl(['get', 'namespace', namespace, '-o', 'jsonpath={.metadata.labels}']);
    expect(labels).toContain('"pod-security.kubernetes.io/enforce":"restricted"');
    const pods = await list<Pod>('pods', namespace, 'stun-operator.io/stage');
    expect(pods.length).toBeGreaterThanOrEqual(3);
    for (const { spec } of pods) {
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(JSON.stringify(spec.volumes)).not.toContain('serviceAccountToken');
      for (const { securityContext, volumeMounts } of spec.containers) {
        expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
        expect(volumeMounts.map(({ mountPath }) => mountPath)).not.toContain('/var/run/secrets/kubernetes.io/serviceaccount');
      }
    }
  });
});

/** The canaries in a text, as they are and as Secrets hold them. */
function found(text: string): string[] {
  return canaries.filter((secret) => [secret, Buffer.from(secret).toString('base64')].some((form) => text.includes(form)));
}

async function statusesOf(kind: 'pods' | 'jobs'): Promise<string> {
  return JSON.stringify((await list(kind, namespace)).map(({ status }) => status));
}

function logs(of: string, selector: string): Promise<string> {
  return kubectl(['logs', '-n', of, '-l', selector, '--tail=-1', '--all-containers']);
}

function metrics(): Promise<string> {
  return kubectl(['get', '--raw', `/api/v1/namespaces/${operatorNamespace}/services/stun-operator-metrics:metrics/proxy/metrics`]);
}

async function published(): Promise<string> {
  const texts = (await s3.list(`${storage}published/`)).filter(({ key }) => /\.(json|html|md)$/.test(key));
  expect(texts.map(({ key }) => key)).toContainEqual(expect.stringContaining('stun-manifest.json'));
  return (await Promise.all(texts.map(({ key }) => s3.cat(`s3://models/${key}`)))).join('\n');
}
