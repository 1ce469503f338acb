/**
 * Writes what is derived from the chart, the alerts and Argo CD's scripts, so that each of them has one source:
 *
 * - manifests/base from charts/stun-operator, and manifests/overlays from it and their values.yaml, for those who install by kustomize;
 * - charts/stun-operator/files/alerts.yaml from manifests/monitoring/alerts.yaml, because a chart reads no file outside itself;
 * - manifests/monitoring/dashboard.json from the table in dashboard.ts, for those who import it by hand, and charts/stun-operator/files/dashboard.json;
 * - manifests/argocd/argocd-cm.yaml from health.lua and actions/, because Argo CD takes scripts as values of that ConfigMap.
 *
 * Usage: node scripts/render-manifests.ts [--check]. With --check nothing is written; a difference is an error.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { dump, load } from 'js-yaml';
import type { KubeObject } from '../src/runtime/types.ts';
import { dashboard } from '../manifests/monitoring/dashboard.ts';
import { argocdConfig } from './argocd-config.ts';
import { namespace, renderChart, withoutChecksum, withoutHelm } from './chart.ts';
import { configFile, generatorOf, replacementOf, splitConfig, type Split } from './generated-config.ts';
import { overlayOf } from './overlays.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const base = 'manifests/base';
const overlays = 'manifests/overlays';
const valuesFile = 'values.yaml';

/** Path in the repository → content. */
export type Files = ReadonlyMap<string, string>;

export function renderedFiles(): Files {
  const plain = plainObjects();
  return new Map([...baseFiles(plain), ...overlayNames().flatMap((name) => overlayFiles(name, plain)), ...chartInputs(), argocdFile()]);
}

/** The chart's objects as kustomize is to give them, the hash in the name of the configuration aside. */
export function plainObjects(values: object = {}): KubeObject[] {
  return renderChart(values).map(withoutHelm).map(withoutChecksum);
}

/** One sentence for each file that is missing, changed by hand, or left over. */
export function drift(files: Files): string[] {
  const changed = [...files].filter(([path, content]) => read(path) !== content);
  return [
    ...changed.map(([path]) => `${path} is not what its source gives; run \`make generate\` and commit the result.`),
    ...leftovers(files).map((path) => `${path} comes from no object of the chart; run \`make generate\`, which removes it.`),
  ];
}

function write(files: Iterable<readonly [string, string]>): void {
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function baseFiles(objects: readonly KubeObject[]): [string, string][] {
  const { config, others } = splitConfig(objects);
  const fields = { namespace, resources: others.map(fileName).sort(), configMapGenerator: [generatorOf(config)] };
  return kustomizationFiles(base, 'charts/stun-operator', { added: others, config, fields });
}

export function overlayNames(): string[] {
  return readdirSync(join(root, overlays), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();
}

/** The chart's values that an overlay stands for. */
export function overlayValues(name: string): object {
  return load(required(`${overlays}/${name}/${valuesFile}`)) as object;
}

function overlayFiles(name: string, plain: readonly KubeObject[]): [string, string][] {
  const [before, after] = [splitConfig(plain), splitConfig(plainObjects(overlayValues(name)))];
  const { added, patches } = overlayOf(before.others, after.others);
  const fields = { resources: ['../../base', ...added.map(fileName).sort()], patches };
  const source = `charts/stun-operator with ${valuesFile}`;
  if (isDeepStrictEqual(before.config, after.config)) return kustomizationFiles(`${overlays}/${name}`, source, { added, fields });
  return kustomizationFiles(`${overlays}/${name}`, source, { added, config: after.config, fields: { ...fields, configMapGenerator: [replacementOf(after.config)] } });
}

interface Folder {
  readonly added: readonly KubeObject[];
  readonly config?: Split['config'];
  readonly fields: object;
}

function kustomizationFiles(folder: string, source: string, { added, config, fields }: Folder): [string, string][] {
  const header = generatedFrom(source);
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', ...fields };
  const files = objectFiles(folder, header, added);
  if (config !== undefined) files.push([`${folder}/${configFile}`, config.data[configFile]]);
  return [...files, [`${folder}/kustomization.yaml`, header + dump(kustomization, { lineWidth: -1 })]];
}

function objectFiles(folder: string, header: string, objects: readonly KubeObject[]): [string, string][] {
  return objects.map((object) => [`${folder}/${fileName(object)}`, header + dump(object, { lineWidth: -1 })]);
}

function fileName(object: KubeObject): string {
  return `${object.kind.toLowerCase()}-${object.metadata.name}.yaml`;
}

/** What the chart reads, which is therefore written before it is rendered. */
function chartInputs(): [string, string][] {
  const source = 'manifests/monitoring/alerts.yaml';
  const panels = `${JSON.stringify(dashboard(), null, 2)}\n`;
  return [
    ['charts/stun-operator/files/alerts.yaml', generatedFrom(source) + required(source)],
    ['charts/stun-operator/files/dashboard.json', panels],
    ['manifests/monitoring/dashboard.json', panels],
  ];
}

function argocdFile(): [string, string] {
  const source = 'manifests/argocd';
  const use = '# Add it to your own: kubectl -n argocd patch configmap argocd-cm --patch-file manifests/argocd/argocd-cm.yaml\n';
  return ['manifests/argocd/argocd-cm.yaml', generatedFrom(`the scripts in ${source}`) + use + dump(argocdConfig(join(root, source)), { lineWidth: -1 })];
}

function generatedFrom(source: string): string {
  return `# Made from ${source} by scripts/render-manifests.ts. Do not edit: \`make generate\` overwrites it.\n`;
}

function leftovers(files: Files): string[] {
  const folders = [base, ...overlayNames().map((name) => `${overlays}/${name}`)];
  return folders.flatMap((folder) => derivedIn(folder).map((name) => `${folder}/${name}`)).filter((path) => !files.has(path));
}

function derivedIn(folder: string): string[] {
  mkdirSync(join(root, folder), { recursive: true });
  return readdirSync(join(root, folder)).filter((name) => name.endsWith('.yaml') && name !== valuesFile);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

function required(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function main(): void {
  if (!process.argv.includes('--check')) {
    write(chartInputs());
    const files = renderedFiles();
    for (const path of leftovers(files)) rmSync(join(root, path));
    write(files);
    return;
  }
  const complaints = drift(renderedFiles());
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
