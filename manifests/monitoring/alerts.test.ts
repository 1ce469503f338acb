/** The alerts do what their tests say (promtool), every alert has both tests, and every alert leads to a page that helps. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { describe, expect, test, vi } from 'vitest';
import { runTool } from '../../scripts/tools.ts';

// promtool takes seconds when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

interface Alert {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}
interface AlertCheck {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

const folder = fileURLToPath(new URL('.', import.meta.url));
const runbooks = fileURLToPath(new URL('../../docs/runbooks', import.meta.url));

function read(name: string): unknown {
  return load(readFileSync(`${folder}${name}`, 'utf8'));
}

const alerts = (read('alerts.yaml') as { groups: { rules: Alert[] }[] }).groups.flatMap((group) => group.rules);
const checks = (read('alerts_test.yaml') as { tests: { alert_rule_test: AlertCheck[] }[] }).tests.flatMap((one) => one.alert_rule_test);

test('promtool accepts the rules and their tests pass', () => {
  expect(runTool('promtool', ['check', 'rules', 'alerts.yaml'], { cwd: folder })).toContain(`${alerts.length} rules found`);
  expect(runTool('promtool', ['test', 'rules', 'alerts_test.yaml'], { cwd: folder })).toContain('SUCCESS');
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

  test('has a runbook of its name', () => {
    expect(annotations.runbook_url).toMatch(new RegExp(`/docs/runbooks/${alert}\\.md$`));
    expect(existsSync(`${runbooks}/${alert}.md`)).toBe(true);
  });
});
