/** The dashboard reads what exists, leaves out what is not its own, and fits its grid. That Prometheus answers its queries is shown in prometheus.api.test.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runTool } from '../../scripts/tools.ts';
import { dashboard, queries } from './dashboard.ts';
import { alerts, metricsIn, recorded, scrapedNames } from './rules.ts';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const { panels, templating } = dashboard() as { readonly panels: readonly Panel[]; readonly templating: { readonly list: readonly { readonly name: string }[] } };
/** ALERTS is Prometheus's own. */
const known = new Set([...scrapedNames(), ...recorded.map(({ record }) => record), 'ALERTS']);

test.each(queries)('$title reads metrics that exist: $expr', ({ expr }) => {
  const read = metricsIn(expr);
  expect(read).not.toEqual([]);
  expect(read.filter((name) => !known.has(name))).toEqual([]);
});

test('every recorded series is shown, or read by an alert', () => {
  const read = [...queries, ...alerts].flatMap(({ expr }) => metricsIn(expr));
  expect(recorded.map(({ record }) => record).filter((record) => !read.includes(record))).toEqual([]);
});

test('every variable is Grafana\'s or its own', () => {
  const named = [...JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
  const own = templating.list.map(({ name }) => name);
  expect([...new Set(named)].filter((name) => !own.includes(name)).sort()).toEqual(['__range', '__rate_interval']);
});

test('panels have ids of their own, and no two lie over each other', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`));
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
});

test.each([
  {
    title: 'GPUs of the services', leavesOut: 'services that no run has touched: of a plan alone, and of a run that failed before',
    series: {
      'stun_prunejob_gpus{namespace="ml", name="moved", when="before"}': '8x9',
      'stun_prunejob_gpus{namespace="ml", name="moved", when="after"}': '4x9',
      'stun_prunejob_gpus{namespace="ml", name="moved", when="now"}': '6x9',
      'stun_prunejob_gpus{namespace="ml", name="plan", when="before"}': '2x9',
      'stun_prunejob_gpus{namespace="ml", name="plan", when="after"}': '1x9',
    },
    answers: { '{when="before"}': 8, '{when="after"}': 4, '{when="now"}': 6 },
  },
  {
    title: 'Requests to the API server', leavesOut: 'other programs, beside the operator or elsewhere',
    series: {
      'workqueue_depth{name="prunejob", job="stun-operator", instance="a"}': '0x9',
      'rest_client_requests_total{code="200", job="stun-operator", instance="a"}': '0+60x9',
      'workqueue_depth{name="job", job="kube-controller-manager", instance="a"}': '0x9',
      'rest_client_requests_total{code="200", job="kube-controller-manager", instance="a"}': '0+600x9',
      'rest_client_requests_total{code="409", job="stun-operator", instance="b"}': '0+600x9',
    },
    answers: { '{code="200"}': 1 },
  },
])('$title leaves out $leavesOut', ({ title, series, answers }) => {
  const expr = (queries.find((query) => query.title === title)?.expr ?? '').replaceAll('$namespace', '.*').replaceAll('$__rate_interval', '5m');
  const input_series = Object.entries(series).map(([one, values]) => ({ series: one, values }));
  const exp_samples = Object.entries(answers).map(([labels, value]) => ({ labels, value }));
  expect(promtoolTests({ interval: '1m', input_series, promql_expr_test: [{ expr, eval_time: '8m', exp_samples }] })).toContain('SUCCESS');
});

function promtoolTests(one: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'stun-dashboard-'));
  try {
    // JSON is YAML.
    writeFileSync(join(folder, 'test.yaml'), JSON.stringify({ tests: [one] }));
    return runTool('promtool', ['test', 'rules', 'test.yaml'], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
