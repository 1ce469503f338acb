/** TypeScript types of an object as the API server returns it: a field with a default is always there. */
import { compile } from 'json-schema-to-typescript';

import { crdPath, part, typeName, type CRD, type Schema } from './schema.ts';

const banner = `/* Generated from ${crdPath} by scripts/generate.ts; do not edit. */`;

export async function types(crd: CRD): Promise<string> {
  const files = [
    await compileOne(part(crd, 'spec'), 'PruneJobSpec', 'Spec'),
    await compileOne(part(crd, 'status'), 'PruneJobStatus', 'Status'),
  ];
  return `${banner}\n\n${files.join('\n')}`;
}

function compileOne(schema: Schema, name: string, suffix: string): Promise<string> {
  return compile({ ...readable(schema, name, suffix), title: name }, name, {
    bannerComment: '',
    ignoreMinAndMaxItems: true,
    style: { singleQuote: true, printWidth: 140 },
  });
}

type JsonSchema = Record<string, unknown>;

/** Only objects get a name: a named string would hide its enum behind an alias. */
function readable(schema: Schema, field: string, suffix: string): JsonSchema {
  if (schema['x-kubernetes-int-or-string'] === true) return { description: schema.description, type: ['integer', 'string'] };
  if (schema.items !== undefined) return { description: schema.description, type: 'array', items: readable(schema.items, singular(field), suffix) };
  if (schema.type !== 'object') return { description: schema.description, type: schema.type, ...(schema.enum && { enum: schema.enum }) };
  return {
    ...(schema.properties && { title: typeName(schema, field, suffix) }),
    description: schema.description,
    type: 'object',
    properties: Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, value]) => [key, readable(value, key, suffix)])),
    required: alwaysThere(schema),
    additionalProperties: schema['x-kubernetes-preserve-unknown-fields'] ?? false,
  };
}

function singular(field: string): string {
  return field.replace(/s$/, '');
}

function alwaysThere(schema: Schema): string[] {
  const defaulted = Object.entries(schema.properties ?? {}).filter(([, value]) => value.default !== undefined);
  return [...(schema.required ?? []), ...defaulted.map(([key]) => key)];
}
