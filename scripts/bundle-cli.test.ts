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
  const says = (name: string, ...args: string[]): string => execFileSync(join(elsewhere, name), args, { cwd: elsewhere, encoding: 'utf8' });
  expect(says('kubectl-prune', 'plan', '--help')).toMatch(/^Usage: kubectl-prune plan --facts/);
  expect(says('kubectl_complete-prune', 'wa')).toBe('watch\tfollow a run until it is over\n:4\n');
}, 60_000);
