/** The local S3 server, by way of s3.py: the engine's Python environment is there anyway. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../', import.meta.url));
const python = `${repository}.venv/bin/python`;
const stun = `${repository}.venv/bin/stun`;

export interface StoredObject {
  readonly key: string;
  readonly size: number;
}

async function s3(...args: string[]): Promise<string> {
  const { stdout } = await run(python, [`${repository}e2e/lib/s3.py`, ...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** Uploads a file, or every file of a folder (given relative to the repository). */
export async function put(source: string, uri: string): Promise<void> {
  await s3('put', source.startsWith('/') ? source : repository + source, uri);
}

export async function list(uri: string): Promise<StoredObject[]> {
  return JSON.parse(await s3('list', uri)) as StoredObject[];
}

export async function cat(uri: string): Promise<string> {
  return s3('cat', uri);
}

export async function digest(uri: string): Promise<string> {
  return (await s3('digest', uri)).trim();
}

/** Every object below `from`, under the same name below `to`. */
export async function copy(from: string, to: string): Promise<void> {
  await s3('copy', from, to);
}

export async function remove(uri: string): Promise<void> {
  await s3('remove', uri);
}

/** Runs an engine command here, outside any pod, and gives the JSON of its last line. */
export async function engine<T>(...args: string[]): Promise<T> {
  const { stdout } = await run(stun, args, { maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as T;
}
