/** The chart's copy of the CRD: a template, because Helm never upgrades what lies in a chart's crds/ folder. */
import { crdPath, type CRD } from './schema.ts';

const keep = `metadata:
  annotations:
    # Without it, uninstalling the chart would delete every PruneJob of the cluster.
    helm.sh/resource-policy: keep
`;

export function chartTemplate(text: string, crd: CRD): string {
  if (text.includes('{{')) throw new Error(`${crdPath} contains {{, which Helm would run as a template; write the sentence without it.`);
  if (!/^metadata:\n {2}name: /m.test(text)) throw new Error(`${crdPath} must begin its metadata with name, so that ${crd.spec.names.plural} gets its annotation.`);
  const body = text.slice(text.indexOf('apiVersion:')).replace(/^metadata:\n/m, keep);
  return `{{- /* Generated from ${crdPath} by scripts/generate.ts; do not edit. */}}\n{{- if .Values.crds.enabled }}\n${body}{{- end }}\n`;
}
