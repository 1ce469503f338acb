/** Every value of the chart reaches what it names: one row each, and a value without a row is found. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, test, vi } from 'vitest';
import { privileges } from '../src/prunejob/policy.ts';
import type { KubeObject } from '../src/runtime/types.ts';
import { chart, ofKind, renderChart } from '../scripts/chart.ts';

// Each test runs helm, which takes seconds when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

type Fields = Readonly<Record<string, unknown>>;

const digest = `sha256:${'a'.repeat(64)}`;
const marks = { team: 'ml' };
const peer = { namespaceSelector: { matchLabels: { team: 'monitoring' } } };
const rule = { to: [{ ipBlock: { cidr: '10.9.0.0/16' } }] };

const pod = (fields: Fields): Fields => ({ spec: { template: { spec: fields } } });
const container = (fields: Fields): Fields => pod({ containers: [fields] });
const config = (text: string): Fields => ({ data: { 'config.yaml': expect.stringContaining(text) as string } });
const closed = { watchNamespaces: ['ml'], networkPolicy: { enabled: true } };
const containing = (fields: Fields): unknown => expect.objectContaining(fields);
const among = (...items: readonly unknown[]): unknown => expect.arrayContaining([...items]);
const runbooks = (url: string): Fields => ({ spec: { groups: among(containing({ rules: among(containing({ annotations: containing({ runbook_url: url }) })) })) } });
const egress = (expected: unknown): Fields => ({ spec: { egress: expect.arrayContaining([expected]) as unknown[] } });

/** The value's path, what it is set to, the object that shows it, what is seen there, and what else has to be set. */
type Row = [path: string, value: unknown, name: string, expected: Fields, beside?: Fields];

const rows: Row[] = [
  ['fullnameOverride', 'pruner', 'Deployment/pruner', { metadata: { name: 'pruner' } }],
  ['commonLabels', marks, 'Deployment/stun-operator', { metadata: { labels: marks }, spec: { template: { metadata: { labels: marks } } } }],
  ['commonAnnotations', marks, 'Service/stun-operator-metrics', { metadata: { annotations: marks } }],
  ['image.repository', 'r/op', 'Deployment/stun-operator', container({ image: 'r/op:0.1.0' })],
  ['image.tag', 'v1', 'Deployment/stun-operator', container({ image: 'stun-operator:v1' })],
  ['image.digest', digest, 'Deployment/stun-operator', container({ image: `stun-operator@${digest}` })],
  ['image.pullPolicy', 'Never', 'Deployment/stun-operator', container({ imagePullPolicy: 'Never' })],
  ['imagePullSecrets', [{ name: 'reg' }], 'Deployment/stun-operator', pod({ imagePullSecrets: [{ name: 'reg' }] })],
  ['engine.image.repository', 'r/e', 'ConfigMap/stun-operator-config', config('image: "r/e:0.1.0"')],
  ['engine.image.tag', 'v1', 'ConfigMap/stun-operator-config', config('image: "stun-engine:v1"')],
  ['engine.image.digest', digest, 'ConfigMap/stun-operator-config', config(`image: "stun-engine@${digest}"`)],
  ['engine.image.pullPolicy', 'Never', 'ConfigMap/stun-operator-config', config('imagePullPolicy: Never')],
  ['engine.serviceAccountName', 'pruner', 'ConfigMap/stun-operator-config', config('serviceAccountName: "pruner"')],
  ['engine.podTemplate', { spec: { runtimeClassName: 'nvidia' } }, 'ConfigMap/stun-operator-config', config('podTemplate:\n    spec:\n      runtimeClassName: nvidia')],
  ['policy.requireRunnerLabel', false, 'ConfigMap/stun-operator-config', config('"requireRunnerLabel":false')],
  ['policy.requireServiceLabel', true, 'ConfigMap/stun-operator-config', config('"requireServiceLabel":true')],
  ['policy.podTemplateMay', ['HostPath'], 'ConfigMap/stun-operator-config', config('"podTemplateMay":["HostPath"]')],
  ['watchNamespaces', ['ml'], 'ConfigMap/stun-operator-config', config('watchNamespaces: ["ml"]')],
  ['readNodes', false, 'ConfigMap/stun-operator-config', config('readNodes: false'), { watchNamespaces: ['ml'] }],
  ['logLevel', 'debug', 'ConfigMap/stun-operator-config', config('logLevel: debug')],
  ['replicas', 3, 'Deployment/stun-operator', { spec: { replicas: 3, template: { spec: { topologySpreadConstraints: [{ topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' }] } } } }],
  ['leaderElection.enabled', false, 'Deployment/stun-operator', { spec: { strategy: { type: 'Recreate' } } }],
  ['serviceAccount.name', 'mine', 'ServiceAccount/mine', {}],
  ['serviceAccount.annotations', marks, 'ServiceAccount/stun-operator', { metadata: { annotations: marks } }],
  ['extraEnv', [{ name: 'A', value: '1' }], 'Deployment/stun-operator', container({ env: expect.arrayContaining([{ name: 'A', value: '1' }]) as unknown[] })],
  ['resources.requests.cpu', '1', 'Deployment/stun-operator', container({ resources: { requests: { cpu: '1' } } })],
  ['resources.requests.memory', '1Gi', 'Deployment/stun-operator', container({ resources: { requests: { memory: '1Gi' } } })],
  ['resources.limits.memory', '1Gi', 'Deployment/stun-operator', container({ resources: { limits: { memory: '1Gi' } } })],
  ['nodeSelector', marks, 'Deployment/stun-operator', pod({ nodeSelector: marks })],
  ['tolerations', [{ operator: 'Exists' }], 'Deployment/stun-operator', pod({ tolerations: [{ operator: 'Exists' }] })],
  ['affinity', { nodeAffinity: {} }, 'Deployment/stun-operator', pod({ affinity: { nodeAffinity: {} } })],
  ['topologySpreadConstraints', [{ topologyKey: 'zone' }], 'Deployment/stun-operator', pod({ topologySpreadConstraints: [{ topologyKey: 'zone' }] }), { replicas: 2 }],
  ['priorityClassName', 'high', 'Deployment/stun-operator', pod({ priorityClassName: 'high' })],
  ['podAnnotations', marks, 'Deployment/stun-operator', { spec: { template: { metadata: { annotations: marks } } } }],
  ['podLabels', marks, 'Deployment/stun-operator', { spec: { template: { metadata: { labels: marks } } } }],
  ['podSecurityContext.runAsNonRoot', false, 'Deployment/stun-operator', pod({ securityContext: { runAsNonRoot: false } })],
  ['podSecurityContext.runAsUser', 7, 'Deployment/stun-operator', pod({ securityContext: { runAsUser: 7 } })],
  ['podSecurityContext.runAsGroup', 7, 'Deployment/stun-operator', pod({ securityContext: { runAsGroup: 7 } })],
  ['podSecurityContext.seccompProfile.type', 'Localhost', 'Deployment/stun-operator', pod({ securityContext: { seccompProfile: { type: 'Localhost' } } })],
  ['securityContext.allowPrivilegeEscalation', true, 'Deployment/stun-operator', container({ securityContext: { allowPrivilegeEscalation: true } })],
  ['securityContext.readOnlyRootFilesystem', false, 'Deployment/stun-operator', container({ securityContext: { readOnlyRootFilesystem: false } })],
  ['securityContext.capabilities.drop', ['KILL'], 'Deployment/stun-operator', container({ securityContext: { capabilities: { drop: ['KILL'] } } })],
  ['podDisruptionBudget.enabled', true, 'PodDisruptionBudget/stun-operator', { spec: { maxUnavailable: 1, selector: { matchLabels: { 'app.kubernetes.io/instance': 'stun-operator' } } } }],
  ['podDisruptionBudget.maxUnavailable', '50%', 'PodDisruptionBudget/stun-operator', { spec: { maxUnavailable: '50%' } }, { podDisruptionBudget: { enabled: true } }],
  ['networkPolicy.enabled', true, 'NetworkPolicy/stun-operator', { spec: { policyTypes: ['Ingress', 'Egress'], ingress: [{ ports: [{ port: 'http', protocol: 'TCP' }] }] } }],
  ['networkPolicy.metricsFrom', [peer], 'NetworkPolicy/stun-operator', { spec: { ingress: [{ from: [peer] }] } }, closed],
  ['networkPolicy.apiServer.cidrs', ['10.0.0.1/32'], 'NetworkPolicy/stun-operator', egress({ ports: [443, 6443].map(tcp), to: [{ ipBlock: { cidr: '10.0.0.1/32' } }] }), closed],
  ['networkPolicy.apiServer.ports', [7443], 'NetworkPolicy/stun-operator', egress({ ports: [tcp(7443)] }), closed],
  ['networkPolicy.servingPorts', [9000], 'NetworkPolicy/stun-operator', egress({ ports: [tcp(9000)], to: [expect.anything()] }), closed],
  ['networkPolicy.extraEgress', [rule], 'NetworkPolicy/stun-operator', egress(rule), closed],
  ['networkPolicy.engine.namespaces', ['lab'], 'NetworkPolicy/stun-operator-engine', { metadata: { namespace: 'lab' } }, closed],
  ['networkPolicy.engine.storage.cidrs', ['10.1.0.0/16'], 'NetworkPolicy/stun-operator-engine', egress({ ports: [tcp(443)], to: [{ ipBlock: { cidr: '10.1.0.0/16' } }] }), closed],
  ['networkPolicy.engine.storage.ports', [9000], 'NetworkPolicy/stun-operator-engine', egress({ ports: [tcp(9000)] }), closed],
  ['networkPolicy.engine.extraEgress', [rule], 'NetworkPolicy/stun-operator-engine', egress(rule), closed],
  ['monitoring.serviceMonitor.enabled', true, 'ServiceMonitor/stun-operator', { spec: { endpoints: [{ port: 'metrics', interval: '30s' }] } }],
  ['monitoring.serviceMonitor.interval', '5s', 'ServiceMonitor/stun-operator', { spec: { endpoints: [{ interval: '5s' }] } }, { monitoring: { serviceMonitor: { enabled: true } } }],
  ['monitoring.serviceMonitor.labels', marks, 'ServiceMonitor/stun-operator', { metadata: { labels: marks } }, { monitoring: { serviceMonitor: { enabled: true } } }],
  ['monitoring.prometheusRule.enabled', true, 'PrometheusRule/stun-operator', {}],
  ['monitoring.prometheusRule.runbookBaseUrl', 'https://wiki.example/prune/', 'PrometheusRule/stun-operator', runbooks('https://wiki.example/prune/PruneJobFailed.md'), { monitoring: { prometheusRule: { enabled: true } } }],
  ['monitoring.prometheusRule.labels', marks, 'PrometheusRule/stun-operator', { metadata: { labels: marks } }, { monitoring: { prometheusRule: { enabled: true } } }],
];

/** Set to false, these take away what is there by default. */
const absences: [path: string, name: string, beside?: Fields][] = [
  ['crds.enabled', 'CustomResourceDefinition/prunejobs.stun-operator.io'],
  ['serviceAccount.create', 'ServiceAccount/stun-operator', { serviceAccount: { name: 'mine' } }],
  ['rbac.create', 'ClusterRole/stun-operator'],
  ['rbac.aggregateRoles', 'ClusterRole/stun-operator-prunejob-editor'],
  ['leaderElection.enabled', 'Role/stun-operator-leader-election'],
  ['readNodes', 'ClusterRole/stun-operator-nodes', { watchNamespaces: ['ml'] }],
];

/** The dashboard's file is not part of every checkout of the chart. */
const withoutObject = ['monitoring.dashboard.enabled', 'monitoring.dashboard.labels.grafana_dashboard', 'monitoring.dashboard.annotations'];

test.each(rows.map((row) => ({ path: row[0], name: row[2], row })))('$path shows in $name', ({ row: [path, value, name, expected, beside = {}] }) => {
  const seen = find(renderChart(merge(beside, nested(path, value))), name);
  expect(seen).toMatchObject(expected);
  expect(find(renderChart(beside), name)).not.toEqual(seen);
});

test.each(absences)('%s: false takes away %s', (path, name, beside = {}) => {
  expect(find(renderChart(beside), name) ?? find(renderChart(), name)).toBeDefined();
  expect(find(renderChart(merge(beside, nested(path, false))), name)).toBeUndefined();
});

test('there is a row for every value', () => {
  const values = load(readFileSync(`${chart}/values.yaml`, 'utf8')) as Fields;
  const tested = [...rows.map(([path]) => path), ...absences.map(([path]) => path), ...withoutObject];
  expect(leaves(values).filter((path) => !tested.includes(path))).toEqual([]);
});

describe('the schema', () => {
  const schema = JSON.parse(readFileSync(`${chart}/values.schema.json`, 'utf8')) as Fields;

  test('takes no key that it does not describe', () => {
    const open = objectsWithin(schema, 'properties').filter(([path, { type, additionalProperties, properties }]) => type === 'object' && properties !== undefined && additionalProperties !== false && path !== '');
    expect(open.map(([path]) => path)).toEqual([]);
    expect(schema.additionalProperties).toBe(false);
  });

  test('says of every key of the first level what it is, in a sentence', () => {
    const properties = schema.properties as Readonly<Record<string, Fields>>;
    expect(Object.entries(properties).filter(([, { description }]) => typeof description !== 'string' || !description.endsWith('.')).map(([key]) => key)).toEqual([]);
    expect(Object.keys(properties).filter((key) => key !== 'global').sort()).toEqual(Object.keys(load(readFileSync(`${chart}/values.yaml`, 'utf8')) as Fields).sort());
  });

  test('offers the privileges that the operator knows', () => {
    const { policy } = schema.properties as { policy: { properties: { podTemplateMay: { items: { enum: string[] } } } } };
    expect(policy.properties.podTemplateMay.items.enum).toEqual(privileges);
  });
});

function tcp(port: number): Fields {
  return { port, protocol: 'TCP' };
}

function find(objects: readonly KubeObject[], name: string): KubeObject | undefined {
  const [kind = '', wanted] = name.split('/');
  return ofKind(objects, kind).find(({ metadata }) => metadata.name === wanted);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.getPrototypeOf(value) === Object.prototype;
}

function nested(path: string, value: unknown): Fields {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Fields;
}

function merge(base: Fields, over: Fields): Fields {
  const merged = Object.entries(over).map(([key, value]) => [key, isFields(value) && isFields(base[key]) ? merge(base[key], value) : value] as const);
  return { ...base, ...Object.fromEntries(merged) };
}

function leaves(fields: Fields, path = ''): string[] {
  return Object.entries(fields).flatMap(([key, value]) => (isFields(value) && Object.keys(value).length > 0 ? leaves(value, `${path}${key}.`) : [`${path}${key}`]));
}

function objectsWithin(value: unknown, under: string, path = ''): [string, Fields][] {
  if (!isFields(value)) return [];
  return [[path, value], ...Object.entries(value).flatMap(([key, inner]) => objectsWithin(inner, under, `${path}/${key}`))];
}
