import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { chartTemplate } from './generate/chart.ts';
import { reference } from './generate/reference.ts';
import { readCRD, readCRDText, root, type CRD, type Schema } from './generate/schema.ts';
import { types } from './generate/types.ts';

describe('generate.ts', () => {
  let checkout: string;

  beforeAll(() => {
    checkout = mkdtempSync(join(tmpdir(), 'stun-generate-'));
    for (const folder of ['crds', 'manifests', 'scripts', 'src', 'package.json']) cpSync(fileURLToPath(new URL(folder, root)), join(checkout, folder), { recursive: true });
    symlinkSync(fileURLToPath(new URL('node_modules', root)), join(checkout, 'node_modules'));
    execFileSync(process.execPath, ['scripts/generate.ts'], { cwd: checkout });
  });

  afterAll(() => {
    rmSync(checkout, { recursive: true });
  });

  const check = (): { status: number | null; stderr: string } => spawnSync(process.execPath, ['scripts/generate.ts', '--check'], { cwd: checkout, encoding: 'utf8' });

  it('finds no drift in what it has just written', () => {
    expect(check()).toMatchObject({ status: 0, stderr: '' });
  });

  it('names a file that was edited, and says what to run', () => {
    appendFileSync(join(checkout, 'docs/reference/prunejob.md'), 'edited\n');
    const { status, stderr } = check();
    expect(status).toBe(1);
    expect(stderr).toBe('docs/reference/prunejob.md differs from what it is generated from; run: node scripts/generate.ts\n');
  });
});

function crdWith(field: Schema): CRD {
  const part = (description: string): Schema => ({ type: 'object', description, properties: { field } });
  const openAPIV3Schema: Schema = { type: 'object', properties: { spec: part('Wanted.'), status: part('Observed.') } };
  return { spec: { group: 'g', names: { kind: 'K', plural: 'ks', shortNames: ['k'] }, versions: [{ name: 'v1', schema: { openAPIV3Schema } }] } };
}

describe('types', () => {
  it.each<[string, Schema, string]>([
    ['an optional field stays optional', { type: 'string' }, 'field?: string;'],
    ['a defaulted field is always there', { type: 'string', default: 'a' }, 'field: string;'],
    ['an enum stays readable', { type: 'string', enum: ['A', 'B'] }, "field?: 'A' | 'B';"],
    ['a quantity is a number or a string', { 'x-kubernetes-int-or-string': true }, 'field?: number | string;'],
    ['an object is named after its field', { type: 'object', properties: { a: { type: 'integer' } } }, 'export interface FieldSpec {\n  a?: number;\n}'],
    ['a title names an object', { type: 'object', title: 'Thing', properties: { a: { type: 'integer' } } }, 'field?: Thing;'],
    ['an overlay is open', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, 'field?: {\n    [k: string]: unknown;\n  };'],
  ])('%s', async (_, field, expected) => {
    expect(await types(crdWith(field))).toContain(expected);
  });
});

describe('reference', () => {
  it.each<[string, Schema, string]>([
    ['bounds', { type: 'integer', minimum: 1, maximum: 8, description: 'Cards.' }, '| field | integer 1 to 8 |  | Cards. |'],
    ['a default', { type: 'string', default: '6h', description: 'Time.' }, '| field | string | `"6h"` | Time. |'],
    [
      'refusals, those of later work last',
      { type: 'string', enum: ['A', 'B'], description: 'Kind.', 'x-kubernetes-validations': [{ rule: '', message: 'B is not supported yet in this release' }, { rule: '', message: 'write A' }] },
      '| field | A, B |  | Kind. *write A* *B is not supported yet in this release* |',
    ],
  ])('shows %s', (_, field, expected) => {
    expect(reference(crdWith(field))).toContain(expected);
  });
});

describe("the chart's copy", () => {
  const text = readCRDText();
  const withoutActions = chartTemplate(text, readCRD()).split('\n').filter((line) => !line.startsWith('{{-')).join('\n');

  it('is the CRD, kept when the chart is uninstalled', () => {
    const { metadata, ...rest } = load(withoutActions) as { metadata: Record<string, unknown> };
    const { metadata: sourceMetadata, ...source } = load(text) as { metadata: Record<string, unknown> };
    expect(rest).toEqual(source);
    expect(metadata).toEqual({ ...sourceMetadata, annotations: { 'helm.sh/resource-policy': 'keep' } });
  });

  it('refuses a sentence that Helm would run as a template', () => {
    expect(() => chartTemplate(`${text}# {{ .Values }}`, readCRD())).toThrow('contains {{');
  });
});
