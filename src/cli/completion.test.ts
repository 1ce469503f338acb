/** The scripts, the one for bash by bash itself. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

import { completion } from './completion.ts';
import { call } from './testing/terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'completion-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Answers with what it was asked, and a directive. */
function program(directive: string): void {
  writeFileSync(join(folder, 'kubectl-prune'), `#!/bin/sh\nprintf '%s\\tasked\\n' "$#:$*"\necho ${directive}\n`, { mode: 0o755 });
}

async function inBash(words: readonly string[]): Promise<string> {
  const { out } = await call(completion, ['bash']);
  const typed = words.map((word) => `'${word}'`).join(' ');
  const script = `${out}\nCOMP_WORDS=(${typed}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); compopt() { echo "compopt $*"; }; _kubectl_prune; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['--norc', '-euc', script], { encoding: 'utf8', env: { PATH: `${folder}${delimiter}${process.env.PATH ?? ''}` } });
}

describe('bash', () => {
  it('asks with the words up to the cursor, and drops the meanings', async () => {
    program(':4');
    expect(await inBash(['kubectl-prune', 'watch', ''])).toBe('3:__complete watch \n');
  });

  it('completes files where a file is asked for', async () => {
    program(':0');
    expect(await inBash(['kubectl-prune', 'run', '-f', 'a b'])).toBe('compopt -o default\n4:__complete run -f a b\n');
  });
});

it.each(['zsh', 'fish'])('%s asks the same', async (shell) => {
  expect((await call(completion, [shell])).out).toContain('__complete');
});

it.each([{ args: ['tcsh'], says: /^tcsh is no shell that is known; write bash, zsh or fish\./ }, { args: [], says: /^Nothing is no shell/ }])('$args is refused', async ({ args, says }) => {
  expect((await call(completion, args)).refused).toMatch(says);
});
