/**
 * Runs the programs that scripts and tests need and npm does not bring: helm, kubectl, promtool, lua5.1.
 *
 * What `make tools` built is taken before PATH, so that a machine's own older helm does not change what is rendered.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** What `make tools` built. */
export const binaries = join(process.env.STUN_CACHE ?? join(homedir(), '.cache/stun-operator'), 'bin');

/** The program's standard output; its own words are the error when it fails. */
export function runTool(name: string, args: readonly string[], options: { readonly cwd?: string; readonly input?: string } = {}): string {
  const program = findTool(name);
  try {
    return execFileSync(program, args, { ...options, encoding: 'utf8', stdio: 'pipe', maxBuffer: 64 * 2 ** 20 });
  } catch (error) {
    throw new Error(`${name} ${args.join(' ')} failed: ${complaint(error)}`, { cause: error });
  }
}

export function findTool(name: string): string {
  const folders = [binaries, ...(process.env.PATH ?? '').split(delimiter)];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found === undefined) throw new Error(`${name} is not installed; run \`make tools\`, which installs it.`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function complaint(error: unknown): string {
  const { stderr, stdout } = error as { stderr?: string; stdout?: string };
  return `${stderr ?? ''}${stdout ?? ''}`.trim() || String(error);
}
