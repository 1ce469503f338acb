/** The plain manifests install the same objects as the chart, so that kustomize users are no second-class citizens. */
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { parseObjects, renderChart, withoutHelm } from '../scripts/chart.ts';
import { drift, renderedFiles } from '../scripts/render-manifests.ts';
import { runTool } from '../scripts/tools.ts';
import type { KubeObject } from '../src/runtime/types.ts';

// helm and kubectl take seconds when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

const base = fileURLToPath(new URL('base', import.meta.url));

function byIdentity(objects: readonly KubeObject[]): Record<string, KubeObject> {
  return Object.fromEntries(objects.map((object) => [`${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]));
}

test('kustomize gives the objects of the chart with default values, Helm’s own marks aside', () => {
  const plain = byIdentity(parseObjects(runTool('kubectl', ['kustomize', base])));
  const chart = byIdentity(renderChart().map(withoutHelm));
  expect(Object.keys(chart)).toContain('Deployment/stun-operator/stun-operator');
  expect(plain).toEqual(chart);
});

test('no mark of Helm is left in the plain manifests', () => {
  expect(runTool('kubectl', ['kustomize', base])).not.toMatch(/helm/i);
});

test('what is derived from chart, alerts and health check is up to date', () => {
  expect(drift(renderedFiles())).toEqual([]);
});

test.each([
  ['changed by hand', 'manifests/base/kustomization.yaml', 'is not what its source gives'],
  ['missing', 'manifests/base/not-there.yaml', 'is not what its source gives'],
])('a file that is %s is reported with the remedy', (_, path, complaint) => {
  const sentences = drift(new Map([[path, 'something else\n']]));
  expect(sentences).toContainEqual(expect.stringMatching(new RegExp(`^${path} ${complaint}; run \`make generate\``)));
});

test('a file left over from an object that is gone is reported', () => {
  expect(drift(new Map())).toContainEqual(expect.stringContaining('kustomization.yaml comes from no object of the chart'));
});
