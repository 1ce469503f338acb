/** An overlay of somebody's own, as overlays/README.md shows it: its configuration reaches the operator, and its namespace does where the page says so. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump, load } from 'js-yaml';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { blocksUnder, commandsUnder, runCommands } from '../e2e/lib/doc-commands.ts';
import { parseConfig, type Config } from '../src/config.ts';
import { ofKind, parseObjects } from '../scripts/chart.ts';
import { overlayNames } from '../scripts/render-manifests.ts';
import { binaries, runTool } from '../scripts/tools.ts';
import type { KubeObject } from '../src/runtime/types.ts';

// kubectl takes seconds when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

const page = 'manifests/overlays/README.md';
const root = fileURLToPath(new URL('..', import.meta.url));
const manifests = fileURLToPath(new URL('.', import.meta.url));
const delivered = readFileSync(join(manifests, 'base/config.yaml'), 'utf8');

interface Kustomization {
  readonly namespace?: string;
  readonly resources: readonly string[];
}
interface ConfigMap extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}
interface PodTemplate {
  readonly spec: { readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[]; readonly containers: readonly { readonly image: string }[] };
}

let folder: string;
let count = 0;

beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'stun-overlays-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

/** What `kubectl kustomize` gives for these files, whose resources are paths in manifests/. */
function built(kustomization: Kustomization, config?: string): KubeObject[] {
  const own = join(folder, String(count++));
  mkdirSync(own);
  const resources = kustomization.resources.map((path) => relative(own, join(manifests, path)));
  writeFileSync(join(own, 'kustomization.yaml'), dump({ ...kustomization, resources }));
  if (config !== undefined) writeFileSync(join(own, 'config.yaml'), config);
  return parseObjects(runTool('kubectl', ['kustomize', own]));
}

/** The page's own example, with its path to this repository. */
function example(): Kustomization {
  const text = blocksUnder(page, 'Your own overlay', 'yaml').join('');
  return load(text.replaceAll(/\S+\/manifests\//g, '')) as Kustomization;
}

function podTemplate(objects: readonly KubeObject[]): PodTemplate {
  return (ofKind(objects, 'Deployment')[0] as unknown as { readonly spec: { readonly template: PodTemplate } }).spec.template;
}

/** What the operator reads: the ConfigMap that its pod mounts. */
function configOf(objects: readonly KubeObject[]): Config {
  const mounted = podTemplate(objects).spec.volumes.find(({ name }) => name === 'config')?.configMap?.name;
  const map = ofKind(objects, 'ConfigMap').find(({ metadata }) => metadata.name === mounted) as ConfigMap;
  return parseConfig(['--config', 'file'], {}, () => map.data['config.yaml']!);
}

const patched: Kustomization & { readonly patches: readonly object[] } = {
  resources: ['base'],
  patches: [{ target: { kind: 'ConfigMap', name: 'stun-operator-config' }, patch: dump([{ op: 'replace', path: '/data/config.yaml', value: delivered.replace('"requireServiceLabel":false', '"requireServiceLabel":true') }]) }],
};

test('the example sets both images', () => {
  const objects = built(example(), delivered.replace('stun-engine:', 'registry.example/stun-engine:'));
  expect(podTemplate(objects).spec.containers.map(({ image }) => image)).toEqual(['REGISTRY/stun-operator:0.1.0']);
  expect(configOf(objects).engine.image).toBe('registry.example/stun-engine:0.1.0');
});

test.each([
  ['the image of the engine', () => built(example(), delivered.replace('stun-engine:', 'registry.example/stun-engine:'))],
  ['the policy, by a patch', () => built(patched)],
])('a changed configuration gives new pods: %s', (_, build) => {
  const before = built({ resources: ['base'] });
  const after = build();
  expect(configOf(after)).not.toEqual(configOf(before));
  expect(podTemplate(after).spec.volumes).not.toEqual(podTemplate(before).spec.volumes);
});

test('the same configuration leaves the pods alone', () => {
  expect(podTemplate(built(example(), delivered)).spec.volumes).toEqual(podTemplate(built({ resources: ['base'] })).spec.volumes);
});

test.each(overlayNames())('overlay %s can be given images and a configuration', (name) => {
  const objects = built({ ...example(), resources: [`overlays/${name}`] }, delivered.replace('logLevel: info', 'logLevel: debug'));
  expect(configOf(objects).logLevel).toBe('debug');
});

test.each(['base', 'overlays/ha'])('%s moves to another namespace as a whole', (path) => {
  const objects = built({ ...example(), namespace: 'gpu-platform', resources: [path] }, delivered);
  expect(namespacesNamed(objects)).toEqual(['gpu-platform']);
});

test('the chart gives an overlay in another namespace, as the page says', async () => {
  const objects = parseObjects(await runCommands(commandsUnder(page, 'Another namespace'), root, { PATH: `${binaries}:${process.env.PATH ?? ''}` }));
  expect(namespacesNamed(objects)).toEqual(['gpu-platform', 'team-a', 'team-b']);
});

/** Wherever an object names one: its own, that of a subject, of a selector, in an expression. */
function namespacesNamed(objects: readonly KubeObject[]): string[] {
  const known = /"(?:namespace|kubernetes.io.metadata.name)":"([^"]+)"|"values":\["(.+?)"\]/g;
  const found = [...JSON.stringify(objects.filter(({ kind }) => kind !== 'CustomResourceDefinition')).matchAll(known)];
  return [...new Set(found.flatMap(([, one, list]) => one ?? list!.split('","')))].sort();
}
