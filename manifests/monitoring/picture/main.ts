/**
 * Draws the dashboard for the README: every panel of it, asked of a real Prometheus that holds six made-up hours.
 *
 * Grafana is in no package registry, so the panels are drawn here; titles, queries, legends and places are the dashboard's own.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, startProgram, stopAll } from '../../../e2e/lib/daemon.ts';
import { waitFor } from '../../../e2e/lib/wait.ts';
import { findTool, runTool } from '../../../scripts/tools.ts';
import { dashboard } from '../dashboard.ts';
import { groups, recorded } from '../rules.ts';
import { minutes, openMetrics } from './day.ts';
import { drawing, type Asked, type Panel } from './draw.ts';

const end = new Date('2026-01-01T12:00:00Z');
const start = new Date(end.getTime() - minutes * 60_000);
const stepSeconds = 120;

const folder = await mkdtemp(join(tmpdir(), 'stun-picture-'));
try {
  await backfill();
  const { panels } = dashboard() as { readonly panels: readonly Panel[] };
  const picture = await withPrometheus((url) => Promise.all(panels.map(async (panel) => ({ panel, asked: await Promise.all((panel.targets ?? []).map((target) => ask(url, panel, target))) }))));
  await writeFile(new URL('../../../docs/pictures/dashboard.svg', import.meta.url), drawing(picture));
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** First what the operator says, then what the rules make of it. */
async function backfill(): Promise<void> {
  await writeFile(join(folder, 'day.txt'), await openMetrics(end));
  await writeFile(join(folder, 'prometheus.yml'), '{}');
  await writeFile(join(folder, 'rules.yml'), JSON.stringify({ groups: [{ name: groups[0]?.name, rules: recorded, interval: '1m' }] }));
  runTool('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'day.txt'), join(folder, 'data')]);
  await withPrometheus((url) => {
    runTool('promtool', ['tsdb', 'create-blocks-from', 'rules', `--start=${start.getTime() / 1000}`, `--end=${end.getTime() / 1000}`, `--url=${url}`, '--eval-interval=1m', `--output-dir=${join(folder, 'data')}`, join(folder, 'rules.yml')]);
    return Promise.resolve();
  });
}

/** A filled-in series has no mark of its end, as a scraped one has: so none may be looked for further back than a minute. */
async function withPrometheus<T>(work: (url: string) => Promise<T>): Promise<T> {
  const address = `127.0.0.1:${(await freePorts(1))[0] ?? 0}`;
  const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, '--storage.tsdb.retention.time=100y', '--query.lookback-delta=60s', `--web.listen-address=${address}`, '--log.level=warn'];
  const daemon = await startProgram(folder, 'prometheus', { command: [findTool('prometheus'), ...flags] });
  try {
    await isReady(`http://${address}`);
    return await work(`http://${address}`);
  } finally {
    await stopAll([daemon]);
  }
}

async function isReady(url: string): Promise<void> {
  await waitFor('Prometheus on loopback', 30, async () => {
    try {
      return (await fetch(`${url}/-/ready`)).ok;
    } catch {
      return false;
    }
  });
}

async function ask(url: string, panel: Panel, { expr, legendFormat }: { readonly expr: string; readonly legendFormat: string }): Promise<Asked> {
  const query = expr.replaceAll('$namespace', '.*').replaceAll('$__range', `${minutes}m`).replaceAll('$__rate_interval', '5m');
  const range = panel.type === 'timeseries' ? { start: start.getTime() / 1000, end: end.getTime() / 1000, step: stepSeconds } : { time: end.getTime() / 1000 };
  const parameters = new URLSearchParams({ query, ...Object.fromEntries(Object.entries(range).map(([name, value]) => [name, String(value)])) });
  const answer = await fetch(`${url}/api/v1/${panel.type === 'timeseries' ? 'query_range' : 'query'}?${parameters.toString()}`);
  const { data, error } = (await answer.json()) as { readonly data?: { readonly result: Asked['series'] }; readonly error?: string };
  if (data === undefined) throw new Error(`Prometheus refuses the query of "${panel.title}": ${error ?? ''}`);
  return { legend: legendFormat, series: data.result };
}
