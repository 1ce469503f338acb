/** A real API server takes every object that the chart and the overlays render, each field of it known: stronger than any copy of the schemas. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApiServer, type ApiServer } from '../e2e/lib/apiserver.ts';
import type { KubeObject } from '../src/runtime/types.ts';
import { parseObjects, renderChart } from '../scripts/chart.ts';
import { overlayNames } from '../scripts/render-manifests.ts';
import { runTool } from '../scripts/tools.ts';
import { apply } from './testing/audited-operator.ts';

const everything = {
  replicas: 2, priorityClassName: 'system-cluster-critical', nodeSelector: { pool: 'system' }, tolerations: [{ operator: 'Exists' }], imagePullSecrets: [{ name: 'registry' }],
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'Exists' }] }] } } },
  podDisruptionBudget: { enabled: true, maxUnavailable: '50%' }, commonLabels: { team: 'ml' }, commonAnnotations: { owner: 'ml' },
  networkPolicy: {
    enabled: true, metricsFrom: [{ namespaceSelector: {} }], apiServer: { cidrs: ['10.0.0.1/32'] }, extraEgress: [{ ports: [{ port: 4318, protocol: 'TCP' }] }],
    engine: { namespaces: ['ml', 'lab'], storage: { cidrs: ['10.1.0.0/16'], ports: [9000] }, extraEgress: [{ to: [{ podSelector: {} }] }] },
  },
};
const variants: readonly (readonly [string, () => readonly KubeObject[]])[] = [
  ['the chart', () => renderChart()],
  ['the chart with everything on', () => renderChart(everything)],
  ['the chart in two namespaces', () => renderChart({ ...everything, watchNamespaces: ['ml', 'lab'], readNodes: false })],
  ['a release with a number for a name', () => renderChart({ ...everything, watchNamespaces: ['2026'] }, { name: '2026', namespace: 'stun-operator' })],
  ['a release with the longest name', () => renderChart(everything, { name: 'n'.repeat(53), namespace: 'stun-operator' })],
  ['the longest name of one\'s own', () => renderChart({ ...everything, fullnameOverride: 'n'.repeat(55) })],
  ['a name that looks like a truth', () => renderChart({ ...everything, fullnameOverride: 'true' })],
  ...overlayNames().map((name) => [`overlay ${name}`, () => parseObjects(runTool('kubectl', ['kustomize', fileURLToPath(new URL(`../manifests/overlays/${name}`, import.meta.url))]))] as const),
];

let server: ApiServer;

beforeAll(async () => {
  server = await startApiServer();
  await apply(server, ['stun-operator', 'ml', 'lab', '2026'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
});
afterAll(() => server.stop());

it.each(variants)('%s', async (_, render) => {
  // The Prometheus operator's kinds are not this API server's.
  const objects = render().filter(({ apiVersion }) => !apiVersion.startsWith('monitoring.coreos.com/'));
  expect(objects.length).toBeGreaterThan(5);
  await apply(server, objects, '--dry-run=server', '--validate=strict');
});

it('refuses what no API server knows', async () => {
  const misspelt = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x', namespace: 'ml' }, spec: { prots: [] } };
  await expect(apply(server, [misspelt], '--dry-run=server', '--validate=strict')).rejects.toThrow('prots');
});
