/** `make sim-mutations`: each bug on a copy of the sources, and how many seeds the simulation needs to find it. */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutations, type Mutation } from './list.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const MOST_SEEDS = 2000;

interface Caught {
  readonly seeds: number;
  readonly rule: string;
}

const wanted = process.argv[2] ?? '';
let escaped = 0;
for (const mutation of mutations.filter(({ name }) => name.includes(wanted))) {
  const caught = await inCopy(mutation);
  if (caught === undefined) escaped += 1;
  const told = caught === undefined ? `NOT CAUGHT in ${MOST_SEEDS} seeds` : `${String(caught.seeds).padStart(4)} seeds  ${caught.rule}`;
  process.stdout.write(`${mutation.name.padEnd(42)} ${told}\n`);
}
if (escaped > 0) process.exitCode = 1;

async function inCopy(mutation: Mutation): Promise<Caught | undefined> {
  const copy = await mkdtemp(join(tmpdir(), 'sim-mutation-'));
  try {
    for (const folder of ['src', 'e2e/sim']) await cp(join(root, folder), join(copy, folder), { recursive: true });
    await cp(join(root, 'package.json'), join(copy, 'package.json'));
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const edit of mutation.edits) await mutate(join(copy, edit.file), edit);
    return await hunt(copy);
  } finally {
    await rm(copy, { recursive: true });
  }
}

async function mutate(path: string, { file, find, replace }: Mutation['edits'][number]): Promise<void> {
  const source = await readFile(path, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${file} does not hold exactly once: ${find}\nBring the mutation up to date in e2e/sim/mutations/list.ts.`);
  await writeFile(path, source.replace(find, () => replace));
}

async function hunt(copy: string): Promise<Caught | undefined> {
  const child = spawn(process.execPath, [join(copy, 'e2e/sim/main.ts')], { env: { ...process.env, SEEDS: `${MOST_SEEDS}`, FIRST_SEED: '0', MOST_FAILURES: '1' } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  await new Promise((resolve) => child.once('close', resolve));
  const seeds = Number(/^(\d+) seeds, /m.exec(output)?.[1]);
  if (Number.isNaN(seeds)) throw new Error(`The simulation of the mutation broke: ${output.slice(-2000)}`);
  const rule = /violated "([^"]+)"/.exec(output)?.[1];
  return rule === undefined ? undefined : { seeds, rule };
}
