/** The rules and their tests as data, and which metrics an expression reads: for the tests, and for the reference that is generated. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { DomainMetrics } from '../../src/shell/domain-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Recorded {
  readonly record: string;
  readonly expr: string;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (Alert | Recorded)[];
}

export interface RuleTest {
  readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  readonly promql_expr_test?: readonly { readonly expr: string }[];
}

export const folder = fileURLToPath(new URL('.', import.meta.url));

export const groups = (read('alerts.yaml') as { readonly groups: readonly RuleGroup[] }).groups;
export const alerts = groups.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule));
export const recorded = groups.flatMap(({ rules }) => rules.filter((rule) => 'record' in rule));
export const testFiles = readdirSync(`${folder}tests`).map((name) => `tests/${name}`).sort();
export const ruleTests = testFiles.flatMap((name) => (read(name) as { readonly tests: readonly RuleTest[] }).tests);

function read(name: string): unknown {
  return load(readFileSync(`${folder}${name}`, 'utf8'));
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** What the operator registers, as it registers it. */
export function registeredMetrics(options?: Parameters<typeof createMetrics>[0]): Metric[] {
  const { registry } = createMetrics(options);
  new DomainMetrics(registry);
  return registry.getMetricsAsArray().map((metric) => {
    const { name, help, type, labelNames = [] } = metric as unknown as Omit<Metric, 'labels'> & { readonly labelNames?: readonly string[] };
    return { name, help, type, labels: labelNames };
  });
}

/** The names of the series that a scrape brings. */
export function scrapedNames(): Set<string> {
  return new Set(registeredMetrics().flatMap(({ name, type }) => (type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])));
}

const words = ['and', 'or', 'unless', 'bool', 'offset'];

/** What is left of PromQL without strings, selectors, label lists, ranges, numbers and functions. */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ');
  const names = bare.match(/(?<![\w:.$])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()/g) ?? [];
  return [...new Set(names.filter((name) => !words.includes(name)))];
}
