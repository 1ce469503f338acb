/** docs/reference/metrics.md: every metric as the operator registers it, every recorded series and every alert as its rule says. */
import { alerts, recorded, registeredMetrics, type Alert, type Metric } from '../../manifests/monitoring/rules.ts';

export function metricsReference(): string {
  const metrics = registeredMetrics({ ofProcess: false });
  const ofPruneJobs = metrics.filter(({ name }) => name.startsWith('stun_'));
  return [
    '<!-- Generated from src/shell, src/telemetry and manifests/monitoring by scripts/generate.ts; do not edit. -->',
    '# Metrics and alerts',
    'Every replica serves `/metrics` on port 8080. Scrape it with `honor_labels: true` (the chart\'s ServiceMonitor does), or the namespace of a PruneJob becomes that of the operator.',
    '## Of PruneJobs',
    'Gauges with the labels `namespace` and `name` go when the PruneJob goes. Counters and histograms outlive it, so they name no object. Only the leader has them.',
    table(ofPruneJobs),
    '## Of the operator',
    'They have the names and the meaning of controller-runtime and client-go, so that dashboards and alerts made for Go operators fit. Beside them are `process_*` and `nodejs_*`, which Node.js tells of itself. What controller-runtime counts and cannot happen here, panics and timeouts of a reconciliation, is left out.',
    table(metrics.filter((metric) => !ofPruneJobs.includes(metric))),
    '## Recorded series',
    ['| series | is |', '|---|---|', ...recorded.map(({ record, expr }) => `| \`${record}\` | \`${oneLine(expr)}\` |`)].join('\n'),
    '## Alerts',
    'The rules are in `manifests/monitoring/alerts.yaml`, the dashboard for Grafana 11 or later in `manifests/monitoring/dashboard.json`; the chart brings both by `monitoring.prometheusRule.enabled` and `monitoring.dashboard.enabled`.',
    ['| alert | severity | after | says |', '|---|---|---|---|', ...alerts.map(alertRow)].join('\n'),
    '## Dashboard',
    '![Six rows of panels: runs by phase, GPUs saved, progress, what came out, failures, the operator](../pictures/dashboard.svg)',
    'Its panels as `make generate` draws them (Grafana is not part of the tests), from what a real Prometheus answers about six made-up hours: one run stalls, one service is put back.',
  ].join('\n\n') + '\n';
}

function table(metrics: readonly Metric[]): string {
  const rows = metrics.map(({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`);
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function alertRow({ alert, for: after = 'at once', labels, annotations }: Alert): string {
  return `| [${alert}](../runbooks/${alert}.md) | ${labels.severity} | ${after} | ${annotations.description?.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '`$1`') ?? ''} |`;
}

/** A pipe ends a cell, in code as well. */
function oneLine(expr: string): string {
  return expr.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');
}
