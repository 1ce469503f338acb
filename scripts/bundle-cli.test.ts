import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const elsewhere = mkdtempSync(join(tmpdir(), 'kubectl-prune-'));
afterAll(() => {
  rmSync(elsewhere, { recursive: true });
});

it('kubectl-prune is one file that runs where this checkout is not', () => {
  const program = join(elsewhere, 'kubectl-prune');
  execFileSync(process.execPath, ['scripts/bundle-cli.ts', program]);
  expect(execFileSync(program, ['plan', '--help'], { cwd: elsewhere, encoding: 'utf8' })).toMatch(/^Usage: kubectl-prune plan --facts/);
}, 60_000);
