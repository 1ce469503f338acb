/** The CRD file, and the parts of OpenAPI that the generators read. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

export const root = new URL('../../', import.meta.url);
export const crdPath = 'crds/stun-operator.io_prunejobs.yaml';

export interface Rule {
  readonly rule: string;
  readonly message: string;
}

export interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly Rule[];
}

export interface CRD {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string; readonly plural: string; readonly shortNames: readonly string[] };
    readonly versions: readonly [{ readonly name: string; readonly schema: { readonly openAPIV3Schema: Schema } }];
  };
}

export function readCRDText(): string {
  return readFileSync(new URL(crdPath, root), 'utf8');
}

export function readCRD(): CRD {
  return load(readCRDText()) as CRD;
}

/** `spec` and `status`: the parts that are ours. */
export function part(crd: CRD, name: 'spec' | 'status'): Schema {
  const schema = crd.spec.versions[0].schema.openAPIV3Schema.properties?.[name];
  if (schema === undefined) throw new Error(`${crdPath} has no ${name}; its schema must describe both spec and status.`);
  return schema;
}

/** Names an object after its field: `spec.pruning` is PruningSpec, `status.conditions[]` is what its title says. */
export function typeName(schema: Schema, field: string, suffix: string): string {
  return schema.title ?? `${field.charAt(0).toUpperCase()}${field.slice(1)}${suffix}`;
}
