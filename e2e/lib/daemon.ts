/** Programs that a test starts, watches and stops by the handle of the process, each with its log in the test's own folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { binaries } from '../../scripts/tools.ts';

const stopWithinMs = 15_000;

export interface Daemon {
  readonly name: string;
  readonly log: string;
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
}

/** One of the programs that `make tools` builds. */
export function startDaemon(folder: string, name: string, flags: readonly string[]): Promise<Daemon> {
  return startProgram(folder, name, { command: [join(binaries, name), ...flags] });
}

export interface Program {
  readonly command: readonly [string, ...string[]];
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Its log is started anew. */
export async function startProgram(folder: string, name: string, { command: [program, ...args], env = {} }: Program): Promise<Daemon> {
  const log = join(folder, `${name}.log`);
  const file = await open(log, 'w');
  const process = spawn(program, args, { stdio: ['ignore', file.fd, file.fd], env: { ...globalThis.process.env, ...env } });
  const exited = new Promise<void>((done) => {
    process.once('exit', () => { done(); });
    process.once('error', () => { done(); });
  });
  await file.close();
  return { name, log, process, exited };
}

export function hasEnded({ process }: Daemon): boolean {
  return process.pid === undefined || process.exitCode !== null || process.signalCode !== null;
}

/** Why a program is of no use: it was never built, or its log says it. */
export async function lastWords({ name, log, process }: Daemon): Promise<string> {
  if (process.pid === undefined) return `${process.spawnfile} cannot be started; build it with: make tools`;
  return `${name} ${process.exitCode === null ? 'is not ready' : 'ended'}: ${(await readFile(log, 'utf8')).slice(-2000)}`;
}

/** The last one started stops first: an API server without its etcd takes its whole deadline to go. */
export async function stopAll(daemons: readonly Daemon[]): Promise<void> {
  for (const { process, exited } of daemons.toReversed()) {
    process.kill('SIGTERM');
    const killer = setTimeout(() => process.kill('SIGKILL'), stopWithinMs);
    await exited;
    clearTimeout(killer);
  }
}

/** Ports are held together before any is released, so that two are never the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listen));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

function listen(): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => { resolve(server); });
  });
}
