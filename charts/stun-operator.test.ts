/** What the chart promises: a restricted pod, values that reach what they name, mistakes refused. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, test, vi } from 'vitest';
import { parseConfig } from '../src/config.ts';
import type { KubeObject } from '../src/runtime/types.ts';
import { chart, kubeVersion, ofKind, renderChart } from '../scripts/chart.ts';
import { runTool } from '../scripts/tools.ts';

// Each test runs helm, which takes seconds when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

interface Probe {
  readonly httpGet: unknown;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
interface Container {
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly args: string[];
  readonly env: { readonly name: string; readonly value?: string }[];
  readonly securityContext: unknown;
}
interface Deployment extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly strategy?: { readonly type: string };
    readonly template: { readonly metadata: unknown; readonly spec: { readonly securityContext: unknown; readonly containers: [Container] } };
  };
}

const digest = `sha256:${'a'.repeat(64)}`;

function deployment(values: object = {}): Deployment {
  return ofKind(renderChart(values), 'Deployment')[0] as Deployment;
}

function configFile(values: object = {}): string {
  const [map] = ofKind(renderChart(values), 'ConfigMap') as (KubeObject & { data: Record<string, string> })[];
  return map!.data['config.yaml']!;
}

test('helm lint finds nothing', () => {
  expect(runTool('helm', ['lint', '--strict', '--quiet', ...kubeVersion, chart])).not.toMatch(/\[(ERROR|WARNING)\]/);
});

describe('the pod', () => {
  test('is what Pod Security "restricted" asks, and writes nowhere', () => {
    const { securityContext, containers } = deployment().spec.template.spec;
    expect(securityContext).toEqual({ runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } });
    expect(containers).toHaveLength(1);
    expect(containers[0].securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  });

  test.each([
    [{}, 'stun-operator:0.1.0', 'IfNotPresent'],
    [{ image: { repository: 'localhost/stun-operator', tag: 'dev', pullPolicy: 'Never' } }, 'localhost/stun-operator:dev', 'Never'],
    [{ image: { tag: 'dev', digest } }, `stun-operator@${digest}`, 'IfNotPresent'],
  ])('runs image %j', (values, image, imagePullPolicy) => {
    expect(deployment(values).spec.template.spec.containers[0]).toMatchObject({ image, imagePullPolicy });
  });

  test('may take five minutes to start, and one to answer after that', () => {
    const { startupProbe, livenessProbe } = deployment().spec.template.spec.containers[0];
    expect(startupProbe.httpGet).toEqual(livenessProbe.httpGet);
    expect([startupProbe, livenessProbe].map(({ periodSeconds, failureThreshold }) => periodSeconds * failureThreshold)).toEqual([300, 60]);
  });

  test('is given extra environment variables, which the operator reads as its tracing', () => {
    const extraEnv = [{ name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: 'http://otel-collector:4318' }, { name: 'OTEL_TRACES_SAMPLER', value: 'always_on' }];
    const { env } = deployment({ extraEnv }).spec.template.spec.containers[0];
    expect(env.map(({ name }) => name)).toEqual(['POD_NAME', 'POD_NAMESPACE', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_TRACES_SAMPLER']);
    expect(parseConfig([], Object.fromEntries(env.map(({ name, value }) => [name, value])), () => '').tracing).toEqual({ ratio: 1 });
  });

  test('is replaced when the configuration changes, and only then', () => {
    const template = deployment().spec.template.metadata;
    expect(deployment({ logLevel: 'debug' }).spec.template.metadata).not.toEqual(template);
    expect(deployment({ replicas: 2 }).spec.template.metadata).toEqual(template);
  });

  test('never runs twice without leader election', () => {
    const { strategy, template } = deployment({ leaderElection: { enabled: false } }).spec;
    expect(strategy).toEqual({ type: 'Recreate' });
    expect(template.spec.containers[0].args).toContain('--no-leader-election');
  });
});

describe('the configuration', () => {
  test.each([
    [{}, { image: 'stun-engine:0.1.0', imagePullPolicy: 'IfNotPresent', serviceAccountName: 'default' }],
    [
      { engine: { image: { repository: 'r/e', tag: 'dev', pullPolicy: 'Never' }, serviceAccountName: 'pruner', podTemplate: { spec: { runtimeClassName: 'nvidia' } } } },
      { image: 'r/e:dev', imagePullPolicy: 'Never', serviceAccountName: 'pruner', podTemplate: { spec: { runtimeClassName: 'nvidia' } } },
    ],
    [{ engine: { image: { digest } } }, { image: `stun-engine@${digest}` }],
  ])('of values %j is what the operator reads as its engine', (values, engine) => {
    expect(parse(configFile(values)).engine).toMatchObject(engine);
  });

  test('carries the watched namespaces and the log level', () => {
    expect(parse(configFile({ watchNamespaces: ['ml', 'lab'], logLevel: 'debug' }))).toMatchObject({ watchNamespaces: ['ml', 'lab'], logLevel: 'debug' });
  });

  function parse(file: string): ReturnType<typeof parseConfig> {
    return parseConfig(['--config', 'file'], {}, () => file);
  }
});

describe('monitoring', () => {
  test('is off by default, for clusters without the Prometheus operator', () => {
    expect(renderChart().filter(({ apiVersion }) => apiVersion.startsWith('monitoring.coreos.com'))).toEqual([]);
  });

  test('brings a ServiceMonitor that keeps the namespace of a PruneJob', () => {
    const [monitor] = ofKind(renderChart({ monitoring: { serviceMonitor: { enabled: true, labels: { release: 'x' } } } }), 'ServiceMonitor');
    expect(monitor).toMatchObject({ metadata: { labels: { release: 'x' } }, spec: { endpoints: [{ port: 'metrics', honorLabels: true }] } });
  });

  test('looks after the operator of its own namespace', () => {
    const [rule] = ofKind(renderChart({ monitoring: { prometheusRule: { enabled: true } } }, { name: 'pruner', namespace: 'gpu-platform' }), 'PrometheusRule');
    expect(JSON.stringify(rule)).toContain('absent(workqueue_depth{name=\\"prunejob\\", namespace=\\"gpu-platform\\"})');
  });

  test('brings the tested alerts word for word', () => {
    const [rule] = ofKind(renderChart({ monitoring: { prometheusRule: { enabled: true } } }), 'PrometheusRule');
    const alerts = readFileSync(new URL('../manifests/monitoring/alerts.yaml', import.meta.url), 'utf8');
    expect(rule).toMatchObject({ spec: load(alerts) as object });
  });
});

test.each([
  [{ crds: { enabled: false } }, 'CustomResourceDefinition'],
  [{ serviceAccount: { create: false, name: 'mine' } }, 'ServiceAccount'],
  [{ rbac: { create: false, aggregateRoles: false } }, 'ClusterRole'],
])('%j leaves out %s', (values, kind) => {
  expect(ofKind(renderChart(), kind)).not.toEqual([]);
  expect(ofKind(renderChart(values), kind)).toEqual([]);
});

test.each(['10.0.0.1/32', '0.0.0.0/0', '255.255.255.255/8', 'fd00:1::/48', '::/0', '::ffff:10.0.0.1/128'])('%s is an address', (cidr) => {
  const [policy] = ofKind(renderChart({ networkPolicy: { enabled: true, apiServer: { cidrs: [cidr] } } }), 'NetworkPolicy');
  expect(JSON.stringify(policy)).toContain(`{"cidr":"${cidr}"}`);
});

test.each([
  ['2026', 'stun-operator-2026'],
  ['true', 'true-stun-operator'],
  ['stun-operator-eu', 'stun-operator-eu'],
  ['n'.repeat(53), `${'n'.repeat(53)}-s`],
])('release %s is called %s, in a namespace that looks like a number', (name, fullname) => {
  const objects = renderChart({ watchNamespaces: ['2027'], networkPolicy: { enabled: true }, monitoring: { serviceMonitor: { enabled: true } } }, { name, namespace: '2026' });
  expect(ofKind(objects, 'Service').map(({ metadata }) => metadata)).toMatchObject([{ name: `${fullname}-metrics`, namespace: '2026', labels: { 'app.kubernetes.io/instance': name } }]);
  expect(ofKind(objects, 'RoleBinding')).toContainEqual(expect.objectContaining({ subjects: [{ kind: 'ServiceAccount', name: fullname, namespace: '2026' }] }));
});

test('the CustomResourceDefinition survives an uninstall, and the PruneJobs with it', () => {
  const [definition] = ofKind(renderChart(), 'CustomResourceDefinition');
  expect(definition!.metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep' });
});

test.each([
  ['an unknown key', { engin: {} }, /engin/],
  ['an unknown key further down', { engine: { image: { repo: 'x' } } }, /repo/],
  ['a tag that moves', { image: { tag: 'latest' } }, /tag/],
  ['a digest that is none', { image: { digest: 'abc' } }, /digest/],
  ['a log level that is none', { logLevel: 'loud' }, /logLevel/],
  ['a pull policy that is none', { engine: { image: { pullPolicy: 'Sometimes' } } }, /pullPolicy/],
  ['a namespace with a capital', { watchNamespaces: ['ML'] }, /watchNamespaces/],
  ['an environment variable that the chart sets itself', { extraEnv: [{ name: 'POD_NAME', value: 'x' }] }, /extraEnv/],
  ['a name of 56 characters, which is too long for the Service', { fullnameOverride: 'n'.repeat(56) }, /fullnameOverride/],
  ['a name that begins with a digit, which no Service may', { fullnameOverride: '2026' }, /fullnameOverride/],
  ['a label by which the chart selects', { commonLabels: { 'app.kubernetes.io/name': 'x' } }, /commonLabels/],
  ['a label of the pod by which the chart selects', { podLabels: { 'app.kubernetes.io/instance': 'x' } }, /podLabels/],
  ['a label of the ServiceMonitor that the chart sets itself', { monitoring: { serviceMonitor: { labels: { 'helm.sh/chart': 'x' } } } }, /labels/],
  ['an annotation of the pod that the chart sets itself', { podAnnotations: { 'checksum/config': 'x' } }, /podAnnotations/],
  ['a prefix that no IPv4 address has', { networkPolicy: { apiServer: { cidrs: ['10.0.0.1/99'] } } }, /cidrs/],
  ['an address that is none', { networkPolicy: { engine: { storage: { cidrs: ['10.0.0.256/32'] } } } }, /cidrs/],
  ['a prefix that no IPv6 address has', { networkPolicy: { apiServer: { cidrs: ['fd00::1/129'] } } }, /cidrs/],
  ['a place of the runbooks that is no address', { monitoring: { prometheusRule: { runbookBaseUrl: 'docs/runbooks' } } }, /runbookBaseUrl/],
  ['two replicas without leader election', { replicas: 2, leaderElection: { enabled: false } }, /Enable leaderElection or set replicas to 1/],
  ['no ServiceAccount at all', { serviceAccount: { create: false } }, /serviceAccount\.name must name/],
])('%s is refused', (_, values, complaint) => {
  expect(() => renderChart(values)).toThrow(complaint);
});
