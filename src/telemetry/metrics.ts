/**
 * The runtime's Prometheus metrics, with the names, labels, buckets and meanings of controller-runtime and client-go, so that dashboards and alerts
 * made for Go operators fit. No label ever holds an object's name: that grows without bound.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a queue can say about the keys that are being worked on right now. */
export interface QueueActivity {
  readonly name: string;
  runningForSeconds(): readonly number[];
}

export type RuntimeMetrics = ReturnType<typeof createMetrics>;

/** Theirs, so that histograms of several operators add up: up to one second, ten seconds, one minute. */
const RECONCILE_BUCKETS = [
  ...[0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  ...[1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10],
  ...[15, 20, 25, 30, 40, 50, 60],
];
const QUEUE_BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000];

function reconcileMetrics(registers: Registry[]) {
  const labelNames = ['controller'] as const;
  const name = (suffix: string): string => `controller_runtime_${suffix}`;
  return {
    reconciles: new Counter({ name: name('reconcile_total'), help: 'Reconciliations per controller and result', labelNames: ['controller', 'result'], registers }),
    reconcileErrors: new Counter({ name: name('reconcile_errors_total'), help: 'Reconciliations that failed', labelNames, registers }),
    terminalErrors: new Counter({ name: name('terminal_reconcile_errors_total'), help: 'Failures that are not retried', labelNames, registers }),
    reconcileSeconds: new Histogram({ name: name('reconcile_time_seconds'), help: 'Length of a reconciliation', labelNames, buckets: RECONCILE_BUCKETS, registers }),
    maxConcurrent: new Gauge({ name: name('max_concurrent_reconciles'), help: 'Workers of a controller', labelNames, registers }),
    activeWorkers: new Gauge({ name: name('active_workers'), help: 'Workers that are reconciling', labelNames, registers }),
  };
}

function queueMetrics(registers: Registry[], queues: ReadonlySet<QueueActivity>) {
  // A queue bears its controller's name; controller-runtime shows it under both labels.
  const labelNames = ['name', 'controller'] as const;
  const ofRunning = (name: string, help: string, sum: (seconds: readonly number[]) => number) =>
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      collect() {
        for (const queue of queues) this.set({ name: queue.name, controller: queue.name }, sum(queue.runningForSeconds()));
      },
    });
  return {
    depth: new Gauge({ name: 'workqueue_depth', help: 'Keys waiting for a worker', labelNames, registers }),
    adds: new Counter({ name: 'workqueue_adds_total', help: 'Keys added', labelNames, registers }),
    retries: new Counter({ name: 'workqueue_retries_total', help: 'Keys added with a delay: after a failure, or because a reconciliation asked for it', labelNames, registers }),
    queueSeconds: new Histogram({ name: 'workqueue_queue_duration_seconds', help: 'Wait of a key for its worker', labelNames, buckets: QUEUE_BUCKETS, registers }),
    workSeconds: new Histogram({ name: 'workqueue_work_duration_seconds', help: 'Work on a key', labelNames, buckets: QUEUE_BUCKETS, registers }),
    unfinished: ofRunning('workqueue_unfinished_work_seconds', 'Work under way, summed', (seconds) => seconds.reduce((a, b) => a + b, 0)),
    longest: ofRunning('workqueue_longest_running_processor_seconds', 'The longest work under way', (seconds) => Math.max(0, ...seconds)),
  };
}

/** The product's own metrics are registered on `registry` by whoever owns them. `ofProcess` adds Node's own, which watch the whole process. */
export function createMetrics({ ofProcess = true } = {}) {
  const registry = new Registry();
  const queues = new Set<QueueActivity>();
  if (ofProcess) collectDefaultMetrics({ register: registry });
  return {
    registry,
    queues,
    ...reconcileMetrics([registry]),
    ...queueMetrics([registry], queues),
    requests: new Counter({ name: 'rest_client_requests_total', help: 'Requests to the API server', labelNames: ['code', 'method', 'host'], registers: [registry] }),
    leading: new Gauge({ name: 'leader_election_master_status', help: '1 where this process leads', labelNames: ['name'], registers: [registry] }),
  };
}
