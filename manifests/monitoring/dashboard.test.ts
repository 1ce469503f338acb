/** The dashboard reads what exists and fits its grid. That Prometheus answers its queries is shown in prometheus.api.test.ts. */
import { expect, test } from 'vitest';
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
