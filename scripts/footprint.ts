/**
 * What the operator's parts cost in the bundle and in memory: the figures of docs/adr/0001-front-door.md and 0005-tracing.md.
 *
 * Each bundle runs for some seconds against an API server that is not there, so that only the program itself is measured. Linux only.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Plugin } from 'esbuild';
import { freePorts } from '../e2e/lib/daemon.ts';
import { bundle } from './bundle.ts';
import { leaveOut } from './left-out.ts';

const settleMs = 5_000;
const runs = 5;
const kubeconfig = {
  'current-context': 'none',
  clusters: [{ name: 'none', cluster: { server: 'https://127.0.0.1:9' } }],
  users: [{ name: 'none', user: { token: 'none' } }],
  contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
};

const replace = (filter: RegExp, contents: string): Plugin => ({
  name: 'replace',
  setup: (build) => {
    build.onResolve({ filter }, ({ path }) => ({ path, namespace: 'replaced' }));
    build.onLoad({ filter: /.*/, namespace: 'replaced' }, () => ({ contents }));
  },
});

const variants = [
  { name: 'the operator' },
  { name: '... nothing left out', plugins: [] },
  { name: '... without tracing', plugins: [replace(/otlp\.ts$/, 'export const startTracing = undefined;'), leaveOut] },
  { name: '... tracing switched on', env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } },
];

const folder = await mkdtemp(join(tmpdir(), 'footprint-'));
await writeFile(join(folder, 'kubeconfig'), JSON.stringify(kubeconfig));
for (const { name, plugins = [leaveOut], env = {} } of variants) {
  const file = join(folder, 'main.mjs');
  await bundle({ outfile: file, plugins, sourcemap: false });
  const { size } = await stat(file);
  const rss = [];
  for (let run = 0; run < runs; run += 1) rss.push(await residentMiB(file, env));
  rss.sort((a, b) => a - b);
  console.log(`${name.padEnd(28)} ${(size / 1e6).toFixed(2)} MB bundled, ${rss.map((mib) => mib.toFixed(0)).join(' ')} MiB resident`);
}
await rm(folder, { recursive: true });

/** Once it serves, and has had time to give back what only the start needed. */
async function residentMiB(file: string, env: Readonly<Record<string, string>>): Promise<number> {
  const [port = 0] = await freePorts(1);
  const options = { env: { ...env, KUBECONFIG: join(folder, 'kubeconfig'), METRICS_PORT: String(port) }, stdio: 'ignore' } as const;
  const child = spawn(process.execPath, [file, '--no-leader-election'], options);
  while (!(await fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => ok, () => false))) await delay(200);
  await delay(settleMs);
  const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8');
  child.kill('SIGKILL');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
