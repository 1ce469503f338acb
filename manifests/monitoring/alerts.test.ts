/** The rules do what their tests say (promtool), each has its tests and reads metrics that exist, and every alert leads to a page that helps. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { runTool } from '../../scripts/tools.ts';
import { alerts, folder, metricsIn, recorded, ruleTests, scrapedNames, testFiles } from './rules.ts';

// promtool takes seconds when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

const runbooks = fileURLToPath(new URL('../../docs/runbooks/', import.meta.url));
const checks = ruleTests.flatMap((one) => one.alert_rule_test ?? []);
const known = new Set([...scrapedNames(), ...recorded.map(({ record }) => record)]);

test('promtool accepts the rules and their tests pass', () => {
  expect(runTool('promtool', ['check', 'rules', 'alerts.yaml'], { cwd: folder })).toContain(`${alerts.length + recorded.length} rules found`);
  expect(runTool('promtool', ['test', 'rules', ...testFiles], { cwd: folder }).match(/SUCCESS/g)).toHaveLength(testFiles.length);
});

test.each([
  { expr: 'max by (namespace, name) (a_b{phase=~"x|y"}) == 1 unless on (namespace) time() - c:d:e < 900', reads: ['a_b', 'c:d:e'] },
  { expr: 'sum by (le) (rate(h_bucket[5m])) / on (x) group_left (y) ignoring (z) k * 24e3', reads: ['h_bucket', 'k'] },
  { expr: 'sum_over_time(a{b="c"}[$__range:1m]) / 60', reads: ['a'] },
])('$expr reads $reads', ({ expr, reads }) => {
  expect(metricsIn(expr)).toEqual(reads);
});

test.each([...alerts, ...recorded].map((rule) => ({ name: 'alert' in rule ? rule.alert : rule.record, expr: rule.expr })))('$name reads metrics that exist', ({ expr }) => {
  const read = metricsIn(expr);
  expect(read).not.toEqual([]);
  expect(read.filter((name) => !known.has(name))).toEqual([]);
});

test.each(recorded)('$record is tested', ({ record }) => {
  expect(ruleTests.flatMap((one) => one.promql_expr_test ?? []).map(({ expr }) => expr)).toContain(record);
});

describe.each(alerts)('$alert', ({ alert, labels, annotations }) => {
  test('is tested firing and silent', () => {
    const expected = checks.filter((check) => check.alertname === alert).map((check) => check.exp_alerts.length > 0);
    expect(expected).toContain(true);
    expect(expected).toContain(false);
  });

  test('says how bad it is, what happened and where to read on', () => {
    expect(['critical', 'warning', 'info']).toContain(labels.severity);
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
  });

  test('has a runbook with what it means, what it costs, how to find the reason and what to do', () => {
    expect(annotations.runbook_url).toMatch(new RegExp(`/docs/runbooks/${alert}\\.md$`));
    expect(existsSync(`${runbooks}${alert}.md`)).toBe(true);
    const page = readFileSync(`${runbooks}${alert}.md`, 'utf8');
    expect(page).toMatch(new RegExp(`^# ${alert}\n\n\\w[^#]*\n## Impact\n\\w[^]*\n## Find the reason\n\`\`\`sh\n[^]*\`\`\`\n[^]*^\\|.*\\| do \\|$`, 'm'));
  });
});

test('no runbook is left over', () => {
  expect(readdirSync(runbooks).sort()).toEqual(alerts.map(({ alert }) => `${alert}.md`).sort());
});
