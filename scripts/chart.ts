/** What the Helm chart renders, as objects: for the plain manifests made from it and for the tests of both. */
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import type { KubeObject } from '../src/runtime/types.ts';
import { runTool } from './tools.ts';

export const namespace = 'stun-operator';
export const chart = fileURLToPath(new URL('../charts/stun-operator', import.meta.url));
/** The oldest that the chart accepts. Without it helm assumes one of its own, which depends on how helm was built. */
export const kubeVersion = ['--kube-version', '1.32.0'];

/** Renders as `helm install stun-operator --namespace stun-operator` would, with values laid over the defaults. */
export function renderChart(values: object = {}, release = { name: 'stun-operator', namespace }): KubeObject[] {
  const args = ['template', release.name, chart, '--namespace', release.namespace, ...kubeVersion, '--values', '-'];
  return parseObjects(runTool('helm', args, { input: JSON.stringify(values) }));
}

/** Every object of a YAML stream; a document of comments alone is none. */
export function parseObjects(yaml: string): KubeObject[] {
  return loadAll(yaml).filter((document): document is KubeObject => document !== null && document !== undefined);
}

export function ofKind(objects: readonly KubeObject[], kind: string): KubeObject[] {
  return objects.filter((object) => object.kind === kind);
}

/** The object without the marks that only Helm reads; for anybody else they would claim an owner that is not there. */
export function withoutHelm(object: KubeObject): KubeObject {
  const { labels, annotations, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, ...kept('labels', labels), ...kept('annotations', annotations) } };
}

interface Templated {
  readonly spec: { readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } } };
}

/** The Deployment without the checksum of its configuration, which nobody but Helm would ever compute again; other objects as they are. */
export function withoutChecksum(object: KubeObject): KubeObject {
  if (object.kind !== 'Deployment') return object;
  const { spec } = object as unknown as Templated;
  const { annotations = {}, ...metadata } = spec.template.metadata;
  const marks = Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== 'checksum/config'));
  const template = { ...spec.template, metadata: { ...metadata, ...kept('annotations', marks) } };
  return { ...object, spec: { ...spec, template } } as KubeObject;
}

function kept(key: string, marks: Readonly<Record<string, string>> = {}): object {
  const own = Object.entries(marks).filter(([name]) => !name.startsWith('helm.sh/') && name !== 'app.kubernetes.io/managed-by');
  return own.length === 0 ? {} : { [key]: Object.fromEntries(own) };
}
