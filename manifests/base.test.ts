/** The plain manifests install the same objects as the chart, so that kustomize users are no second-class citizens. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { parseObjects } from '../scripts/chart.ts';
import { drift, overlayNames, overlayValues, plainObjects, renderedFiles } from '../scripts/render-manifests.ts';
import { difference } from '../scripts/overlays.ts';
import { runTool } from '../scripts/tools.ts';
import type { KubeObject } from '../src/runtime/types.ts';

// helm and kubectl take seconds when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

const base = fileURLToPath(new URL('base', import.meta.url));
const overlay = (name: string): string => fileURLToPath(new URL(`overlays/${name}`, import.meta.url));

function byIdentity(objects: readonly KubeObject[]): Record<string, KubeObject> {
  return Object.fromEntries(objects.map((object) => [`${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]));
}

/** What kustomize gives, with the configuration under the name that it has in the chart; overlays.test.ts looks at the hash. */
function kustomized(folder: string): Record<string, KubeObject> {
  return byIdentity(parseObjects(runTool('kubectl', ['kustomize', folder]).replaceAll(/\bstun-operator-config-[0-9a-z]{10}$/gm, 'stun-operator-config')));
}

test('kustomize gives the objects of the chart with default values, Helm’s own marks aside', () => {
  const plain = kustomized(base);
  const chart = byIdentity(plainObjects());
  expect(Object.keys(chart)).toContain('Deployment/stun-operator/stun-operator');
  expect(plain).toEqual(chart);
});

describe.each(overlayNames())('overlay %s', (name) => {
  test('gives the objects of the chart with its values', () => {
    const chart = byIdentity(plainObjects(overlayValues(name)));
    expect(kustomized(overlay(name))).toEqual(chart);
    expect(chart).not.toEqual(byIdentity(plainObjects()));
  });
});

test('overlay namespaced has no object that belongs to no namespace', () => {
  const objects = parseObjects(runTool('kubectl', ['kustomize', overlay('namespaced')]));
  expect(objects.filter(({ metadata }) => metadata.namespace === undefined)).toEqual([]);
  expect([...new Set(objects.map(({ metadata }) => metadata.namespace))].sort()).toEqual(['ml', 'stun-operator']);
});

test('no mark of Helm is left in the plain manifests', () => {
  for (const folder of [base, ...overlayNames().map(overlay)]) expect(runTool('kubectl', ['kustomize', folder])).not.toMatch(/helm/i);
});

test.each([
  { what: 'nothing', before: { a: [1] }, after: { a: [1] }, operations: [] },
  { what: 'a value', before: { a: { b: 1 } }, after: { a: { b: 2 } }, operations: [{ op: 'replace', path: '/a/b', value: 2 }] },
  { what: 'a list, as a whole', before: { a: [1, 2] }, after: { a: [1, 3] }, operations: [{ op: 'replace', path: '/a', value: [1, 3] }] },
  { what: 'what is new', before: {}, after: { 'x/y~z': {} }, operations: [{ op: 'add', path: '/x~1y~0z', value: {} }] },
  { what: 'what is gone', before: { a: { b: 1, c: 1 } }, after: { a: { c: 1 } }, operations: [{ op: 'remove', path: '/a/b' }] },
])('an overlay patches $what', ({ before, after, operations }) => {
  expect(difference(before, after)).toEqual(operations);
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
