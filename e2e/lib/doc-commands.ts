/** The commands of a page of the documentation, so that a test runs what people copy. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = new URL('../../', import.meta.url);

/** Every `sh` block under this heading, before the next heading. */
export async function commandsUnder(page: string, heading: string): Promise<string> {
  const text = await readFile(new URL(page, root), 'utf8');
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  const blocks = [...(section ?? '').matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  if (blocks.length === 0) throw new Error(`${page} has no commands under "${heading}".`);
  return blocks.join('');
}

/** In this folder, with these variables in the place of the page's own; ends at the first command that fails. */
export async function runCommands(commands: string, cwd: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await run('bash', ['-euc', commands], { cwd, env: { ...process.env, ...variables } });
  return stdout;
}
