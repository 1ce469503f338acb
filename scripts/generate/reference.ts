/** docs/reference/prunejob.md: every field with its type, default, bounds and the sentences that refuse it. */
import { crdPath, part, type CRD, type Schema } from './schema.ts';

const supportedLater = 'is not supported yet in this release';

export function reference(crd: CRD): string {
  const { group, names, versions } = crd.spec;
  const version = versions[0];
  return [
    `<!-- Generated from ${crdPath} by scripts/generate.ts; do not edit. -->`,
    `# ${names.kind}`,
    `\`apiVersion: ${group}/${version.name}\`, \`kind: ${names.kind}\`, short name \`${names.shortNames.join('`, `')}\`, namespaced.`,
    version.schema.openAPIV3Schema.description ?? '',
    'A required field is **bold**. The API server refuses a spec that breaks a rule, with the sentence shown here.',
    ...section(part(crd, 'spec'), 'spec'),
    ...section(part(crd, 'status'), 'status'),
    ...rulesOf(version.schema.openAPIV3Schema, 'Rules across spec and status'),
    '',
  ].join('\n\n').trimEnd() + '\n';
}

function section(schema: Schema, path: string): string[] {
  const fields = Object.entries(schema.properties ?? {});
  const table = [
    '| field | type | default | meaning |',
    '|---|---|---|---|',
    ...fields.map(([name, field]) => row(name, field, schema.required?.includes(name) ?? false)),
  ];
  return [
    `## ${path}`,
    schema.description ?? '',
    table.join('\n'),
    ...rulesOf(schema, 'Refused'),
    ...fields.flatMap(([name, field]) => nested(field, `${path}.${name}`)),
  ];
}

function nested(field: Schema, path: string): string[] {
  if (field.items?.properties !== undefined) return section(field.items, `${path}[]`);
  return field.properties === undefined ? [] : section(field, path);
}

function row(name: string, field: Schema, required: boolean): string {
  const label = required ? `**${name}**` : name;
  const value = field.default === undefined ? '' : `\`${JSON.stringify(field.default)}\``;
  const refusals = field.properties === undefined ? messages(field) : [];
  return `| ${label} | ${typeOf(field)} | ${value} | ${cell([field.description ?? '', ...refusals.map((text) => `*${text}*`)].join(' '))} |`;
}

function typeOf(field: Schema): string {
  if (field['x-kubernetes-int-or-string'] === true) return 'integer or string';
  if (field.enum !== undefined) return field.enum.join(', ');
  if (field.items !== undefined) return `list of ${field.items.type ?? 'values'}`;
  return [field.type ?? 'any', bounds(field)].join(' ').trim();
}

function bounds({ minimum, maximum }: Schema): string {
  if (minimum === undefined) return '';
  return maximum === undefined ? `≥ ${minimum}` : `${minimum} to ${maximum}`;
}

function rulesOf(schema: Schema, title: string): string[] {
  const sentences = messages(schema);
  return sentences.length === 0 ? [] : [`${title}:\n${sentences.map((text) => `- ${text}`).join('\n')}`];
}

/** What works today comes first, what a later release brings last. */
function messages(schema: Schema): string[] {
  const all = [...new Set((schema['x-kubernetes-validations'] ?? []).map(({ message }) => message))];
  return [...all.filter((text) => !text.includes(supportedLater)), ...all.filter((text) => text.includes(supportedLater))];
}

function cell(text: string): string {
  return text.trim().replaceAll('|', '\\|');
}
