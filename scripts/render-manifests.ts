/**
 * Writes what is derived from the chart, the alerts and the health check, so that each of them has one source:
 *
 * - manifests/base from charts/stun-operator, for those who install by kustomize;
 * - charts/stun-operator/files/alerts.yaml from manifests/monitoring/alerts.yaml, because a chart reads no file outside itself;
 * - manifests/argocd/argocd-cm.yaml from health.lua, because Argo CD takes the script as a value of that ConfigMap.
 *
 * Usage: node scripts/render-manifests.ts [--check]. With --check nothing is written; a difference is an error.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import type { KubeObject } from '../src/runtime/types.ts';
import { namespace, renderChart, withoutHelm } from './chart.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const base = 'manifests/base';

/** Path in the repository → content. */
export type Files = ReadonlyMap<string, string>;

export function renderedFiles(): Files {
  return new Map([...baseFiles(), chartAlerts(), argocdConfig()]);
}

/** One sentence for each file that is missing, changed by hand, or left over. */
export function drift(files: Files): string[] {
  const changed = [...files].filter(([path, content]) => read(path) !== content);
  return [
    ...changed.map(([path]) => `${path} is not what its source gives; run \`make generate\` and commit the result.`),
    ...leftovers(files).map((path) => `${path} comes from no object of the chart; run \`make generate\`, which removes it.`),
  ];
}

function write(files: Files): void {
  for (const path of leftovers(files)) rmSync(join(root, path));
  for (const [path, content] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function baseFiles(): [string, string][] {
  const objects = renderChart().map(withoutHelm);
  const names = objects.map(fileName).sort();
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', namespace, resources: names };
  const header = generatedFrom('charts/stun-operator');
  return [
    ...objects.map((object): [string, string] => [`${base}/${fileName(object)}`, header + dump(object, { lineWidth: -1 })]),
    [`${base}/kustomization.yaml`, header + dump(kustomization)],
  ];
}

function fileName(object: KubeObject): string {
  return `${object.kind.toLowerCase()}-${object.metadata.name}.yaml`;
}

function chartAlerts(): [string, string] {
  const source = 'manifests/monitoring/alerts.yaml';
  return ['charts/stun-operator/files/alerts.yaml', generatedFrom(source) + required(source)];
}

function argocdConfig(): [string, string] {
  const source = 'manifests/argocd/stun-operator.io/PruneJob/health.lua';
  const data = { 'resource.customizations.health.stun-operator.io_PruneJob': required(source) };
  const labels = { 'app.kubernetes.io/name': 'argocd-cm', 'app.kubernetes.io/part-of': 'argocd' };
  const patch = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace: 'argocd', labels }, data };
  const use = '# Add it to your own: kubectl -n argocd patch configmap argocd-cm --patch-file manifests/argocd/argocd-cm.yaml\n';
  return ['manifests/argocd/argocd-cm.yaml', generatedFrom(source) + use + dump(patch, { lineWidth: -1 })];
}

function generatedFrom(source: string): string {
  return `# Made from ${source} by scripts/render-manifests.ts. Do not edit: \`make generate\` overwrites it.\n`;
}

function leftovers(files: Files): string[] {
  mkdirSync(join(root, base), { recursive: true });
  const present = readdirSync(join(root, base)).filter((name) => name.endsWith('.yaml'));
  return present.map((name) => `${base}/${name}`).filter((path) => !files.has(path));
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
  const files = renderedFiles();
  if (!process.argv.includes('--check')) {
    write(files);
    return;
  }
  const complaints = drift(files);
  for (const complaint of complaints) console.error(complaint);
  if (complaints.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
