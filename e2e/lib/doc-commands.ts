/** What a page of the documentation tells people to type and to write, so that a test runs what they copy. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { pages } from '../../scripts/docs/pages.ts';

const run = promisify(execFile);

/** Every `sh` block under this heading, before the next heading. */
export function commandsUnder(page: string, heading: string): string {
  return blocksUnder(page, heading, 'sh').join('');
}

export function blocksUnder(page: string, heading: string, language: 'sh' | 'yaml'): string[] {
  const blocks = pages.find(({ path }) => path === page)?.blocks ?? [];
  const found = blocks.filter((block) => block.heading === heading && block.language === language);
  if (found.length === 0) throw new Error(`${page} has no block of ${language} under "${heading}".`);
  return found.map(({ text }) => text);
}

/** In this folder, with these variables in the place of the page's own; ends at the first command that fails. */
export async function runCommands(commands: string, cwd: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await run('bash', ['-euc', commands], { cwd, env: { ...process.env, ...variables } });
  return stdout;
}
