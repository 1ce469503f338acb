/** The threat model keeps what it says: every claim names a test that is there, and every privilege that may be allowed is explained. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { privileges } from '../src/prunejob/policy.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(`${root}docs/explanation/threat-model.md`, 'utf8');
const tables = page.split('\n\n').filter((block) => block.startsWith('|'));
const claims = tables.filter((table) => table.startsWith('| claim |')).flatMap((table) => table.split('\n').slice(2));

test.each(claims.filter((claim) => claim !== ''))('%s', (claim) => {
  const proofs = [...(claim.split('|')[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, path]) => path ?? '');
  expect(proofs).not.toEqual([]);
  expect(proofs.filter((path) => !/(\.test\.ts|test_\w+\.py)$/.test(path) || !existsSync(root + path))).toEqual([]);
});

test('every privilege that the policy may allow is explained', () => {
  const rows = tables.find((table) => table.startsWith('| name |'))?.split('\n').slice(2) ?? [];
  expect(rows.map((row) => /^\| `(\w+)` \|/.exec(row)?.[1])).toEqual(privileges);
});

test('no code of a model is ever run: nothing in the engine asks for it', () => {
  const sources = readdirSync(`${root}engine/stun`, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.py'));
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.filter((name) => /trust_remote_code\s*=\s*True|torch\.load|pickle|import_module\(/.test(readFileSync(`${root}engine/stun/${name}`, 'utf8')))).toEqual([]);
});
