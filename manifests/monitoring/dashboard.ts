/** The Grafana dashboard as a table, so that its panels stay alike: a panel is a row here. `make generate` writes dashboard.json from it. */

interface Query {
  readonly expr: string;
  /** Grafana's template over the series' labels. */
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly kind: 'stat' | 'table' | 'timeseries';
  /** Of 24 columns. */
  readonly width: number;
  readonly unit: string;
  /** Parts of a whole: their sum is worth seeing, and lines of equal height would hide each other. */
  readonly stacked?: true;
  readonly description?: string;
  readonly queries: readonly Query[];
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const height = 8;
const run = '{{namespace}}/{{name}}';
const chosen = 'namespace=~"$namespace"';
/** Replicas of the operator may report one PruneJob at once. */
const perRun = (metric: string, selector = ''): string => `max by (namespace, name) (${metric}{${selector === '' ? chosen : `${chosen}, ${selector}`}})`;
const whileIn = (phase: string): string => `and on (namespace, name) ${perRun('stun_prunejob_status_phase', `phase="${phase}"`)} == 1`;
/** Adds up what was there at each minute: where a series was absent it counts nothing, as an average would not. */
const hours = (recorded: string): string => `sum(sum_over_time(${recorded}{${chosen}}[$__range:1m])) / 60`;
/** Of the objects, not of a counter: its first increase, from nothing to 1, is none to Prometheus. */
const reasons = (condition: string): string => `count by (reason) (max by (namespace, name, reason) (stun_prunejob_status_condition{${chosen}, ${condition}}))`;
const endedWithinADay = `max by (namespace, name, phase) (stun_prunejob_status_phase{${chosen}, phase=~"Complete|Failed"}) and on (namespace, name) time() - ${perRun('stun_prunejob_completion_timestamp_seconds')} < 24 * 3600`;
/** For what every program in Go counts by the same name. A target has these two labels in every Prometheus. */
const ofOperator = 'and on (job, instance) workqueue_depth{name="prunejob"}';
const quantile = (histogram: string, by: string): string => `histogram_quantile(0.99, sum by (le, ${by}) (rate(${histogram}[$__rate_interval])))`;

const rows: readonly Row[] = [
  {
    title: 'Runs',
    panels: [
      { title: 'PruneJobs by phase', kind: 'timeseries', width: 12, unit: 'none', stacked: true, queries: [{ expr: `sum by (phase) (namespace_phase:stun_prunejobs:count{${chosen}})`, legend: '{{phase}}' }] },
      { title: 'Ends within a day', kind: 'timeseries', width: 6, unit: 'none', stacked: true, queries: [{ expr: `count by (phase) (${endedWithinADay})`, legend: '{{phase}}' }] },
      { title: 'Alerts', kind: 'table', width: 6, unit: 'none', queries: [{ expr: 'max by (alertname, severity, namespace, name) (ALERTS{alertname=~"Prune.*", alertstate="firing"})', legend: '{{alertname}}' }] },
    ],
  },
  {
    title: 'GPUs',
    panels: [
      { title: 'Saved at hand-over', kind: 'stat', width: 4, unit: 'none', description: 'GPUs that services did without when they were handed over, for as long as their PruneJobs are there. What becomes of a service later is not seen.', queries: [{ expr: `sum(namespace:stun_gpus_saved:sum{${chosen}})`, legend: 'GPUs' }] },
      { title: 'Saved GPU-hours', kind: 'stat', width: 4, unit: 'none', description: 'Within the time that is shown, if every service stayed as it was handed over while its PruneJob was there.', queries: [{ expr: hours('namespace:stun_gpus_saved:sum'), legend: 'GPU-hours' }] },
      { title: 'Spent GPU-hours', kind: 'stat', width: 4, unit: 'none', description: 'Of pruning itself, within the time that is shown.', queries: [{ expr: hours('namespace:stun_engine_gpus:sum'), legend: 'GPU-hours' }] },
      { title: 'GPUs of the services', kind: 'timeseries', width: 12, unit: 'none', description: 'Of those that runs have begun to move: before and after as planned, and now, up to the hand-over.', queries: [{ expr: `sum by (when) (max by (namespace, name, when) (stun_prunejob_gpus{${chosen}}) and on (namespace, name) ${perRun('stun_prunejob_gpus', 'when="now"')})`, legend: '{{when}}' }] },
    ],
  },
  {
    title: 'Progress',
    panels: [
      { title: 'Done', kind: 'timeseries', width: 8, unit: 'percentunit', queries: [{ expr: `${perRun('stun_prunejob_progress_ratio')} ${whileIn('Pruning')}`, legend: run }] },
      { title: 'Time to go', kind: 'timeseries', width: 8, unit: 's', description: 'As the engine estimates it, and until runner.activeDeadline.', queries: [{ expr: `${perRun('stun_prunejob_estimated_completion_timestamp_seconds')} - time()`, legend: run }, { expr: `${perRun('stun_prunejob_deadline_timestamp_seconds')} - time()`, legend: `${run} deadline` }] },
      { title: 'Time since the last news', kind: 'timeseries', width: 8, unit: 's', description: 'PruneJobStalled fires above 15 minutes.', queries: [{ expr: `time() - ${perRun('stun_prunejob_progress_timestamp_seconds')} ${whileIn('Pruning')}`, legend: run }] },
    ],
  },
  {
    title: 'What came out',
    panels: [
      { title: 'Change of quality', kind: 'table', width: 8, unit: 'percentunit', description: 'Of perplexity, where more is worse, and of tasks, where less is worse.', queries: [{ expr: `max by (namespace, name, metric, source) (stun_prunejob_quality_score{${chosen}, when="after"}) / max by (namespace, name, metric, source) (stun_prunejob_quality_score{${chosen}, when="before"}) - 1`, legend: `${run} {{metric}}` }] },
      { title: 'Size of the model', kind: 'table', width: 8, unit: 'bytes', queries: ['before', 'after'].map((when) => ({ expr: perRun('stun_prunejob_model_bytes', `when="${when}"`), legend: when })) },
      { title: 'Length of a stage', kind: 'timeseries', width: 8, unit: 's', description: 'The mean of all runs since the operator started.', queries: [{ expr: 'sum by (stage) (stun_prunejob_stage_duration_seconds_sum) / sum by (stage) (stun_prunejob_stage_duration_seconds_count)', legend: '{{stage}}' }] },
    ],
  },
  {
    title: 'Failures',
    panels: [
      { title: 'Failed PruneJobs by reason', kind: 'timeseries', width: 12, unit: 'none', stacked: true, queries: [{ expr: reasons('condition="Failed", status="True"'), legend: '{{reason}}' }] },
      { title: 'Services that were put back, by how it ended', kind: 'timeseries', width: 12, unit: 'none', stacked: true, queries: [{ expr: reasons('condition="RolledBack", status=~"True|False"'), legend: '{{reason}}' }] },
    ],
  },
  {
    title: 'Operator',
    panels: [
      { title: 'Leader', kind: 'stat', width: 4, unit: 'none', description: 'Replicas that lead: one.', queries: [{ expr: 'sum(leader_election_master_status{name="stun-operator"})', legend: 'leaders' }] },
      { title: 'Failing reconciliations', kind: 'stat', width: 4, unit: 'percentunit', queries: [{ expr: 'namespace_controller:controller_runtime_reconcile_errors:ratio_rate15m', legend: '{{namespace}}' }] },
      { title: 'Reconciliations', kind: 'timeseries', width: 8, unit: 'ops', queries: [{ expr: 'sum by (result) (rate(controller_runtime_reconcile_total{controller="prunejob"}[$__rate_interval]))', legend: '{{result}}' }] },
      { title: 'Length of a reconciliation, 99 %', kind: 'timeseries', width: 8, unit: 's', queries: [{ expr: quantile('controller_runtime_reconcile_time_seconds_bucket{controller="prunejob"}', 'controller'), legend: '{{controller}}' }] },
      { title: 'Queue', kind: 'timeseries', width: 8, unit: 'none', queries: [{ expr: 'max by (namespace) (workqueue_depth{name="prunejob"})', legend: '{{namespace}}' }] },
      { title: 'Wait in the queue, 99 %', kind: 'timeseries', width: 8, unit: 's', queries: [{ expr: quantile('workqueue_queue_duration_seconds_bucket{name="prunejob"}', 'name'), legend: '{{name}}' }] },
      { title: 'Requests to the API server', kind: 'timeseries', width: 8, unit: 'reqps', queries: [{ expr: `sum by (code) (rate(rest_client_requests_total[$__rate_interval]) ${ofOperator})`, legend: '{{code}}' }] },
    ],
  },
];

export const queries = rows.flatMap(({ panels }) => panels.flatMap(({ title, queries }) => queries.map(({ expr }) => ({ title, expr }))));

export function dashboard(): object {
  return {
    uid: 'stun-operator',
    title: 'stun-operator',
    description: 'PruneJobs, the GPUs that they save, and the operator.',
    tags: ['stun-operator'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [datasource, namespaces] },
    panels: numbered(rows.flatMap(rowOfPanels)),
  };
}

const source = { type: 'prometheus', uid: '${datasource}' };
const datasource = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {}, hide: 0 };
const namespaces = {
  name: 'namespace', label: 'Namespace', type: 'query', datasource: source, definition: 'label_values(stun_prunejob_info, namespace)',
  query: { query: 'label_values(stun_prunejob_info, namespace)', refId: 'namespaces' }, refresh: 2, sort: 1, multi: true, includeAll: true, allValue: '.*', current: { text: 'All', value: '$__all' }, hide: 0,
};

function rowOfPanels({ title, panels }: Row, index: number): object[] {
  const heading = { type: 'row', title, collapsed: false, panels: [], gridPos: { x: 0, y: top(index), w: 24, h: 1 } };
  return [heading, ...panels.map((panel, at) => panelOf(panel, position(panels, at, top(index) + 1)))];
}

/** What does not fit into 24 columns goes into the next line. */
function position(panels: readonly Panel[], at: number, y: number): object {
  const before = panels.slice(0, at).reduce((columns, { width }) => columns + width, 0);
  return { x: before % 24, y: y + Math.floor(before / 24) * height, w: panels[at]?.width, h: height };
}

function top(index: number): number {
  return rows.slice(0, index).reduce((y, { panels }) => y + 1 + height * Math.ceil(panels.reduce((columns, { width }) => columns + width, 0) / 24), 0);
}

function panelOf({ title, kind, unit, stacked, description, queries: asked }: Panel, gridPos: object): object {
  const now = kind !== 'timeseries';
  return {
    type: kind,
    title,
    ...(description === undefined ? {} : { description }),
    datasource: source,
    gridPos,
    fieldConfig: { defaults: { unit, ...(kind === 'timeseries' ? { min: 0 } : {}), ...(stacked === true ? { custom: { fillOpacity: 40, stacking: { mode: 'normal', group: 'A' } } } : {}) }, overrides: [] },
    options: kind === 'stat' ? { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false }, colorMode: 'value' } : {},
    targets: asked.map(({ expr, legend }, at) => ({ refId: 'ABC'[at], datasource: source, expr, legendFormat: legend, ...(now ? { instant: true, range: false } : { range: true }), ...(kind === 'table' ? { format: 'table' } : {}) })),
    ...(kind === 'table' ? { transformations: columns(asked) } : {}),
  };
}

/** Several queries become columns of one table, named as they are. */
function columns(asked: readonly Query[]): object[] {
  const renameByName = asked.length === 1 ? {} : Object.fromEntries(asked.map(({ legend }, at) => [`Value #${'ABC'[at] ?? ''}`, legend]));
  return [...(asked.length === 1 ? [] : [{ id: 'merge', options: {} }]), { id: 'organize', options: { excludeByName: { Time: true }, renameByName } }];
}

function numbered(panels: readonly object[]): object[] {
  return panels.map((panel, index) => ({ id: index + 1, ...panel }));
}
