import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.ts';

describe('createMetrics', () => {
  it.each([
    'controller_runtime_reconcile_total',
    'controller_runtime_reconcile_errors_total',
    'controller_runtime_terminal_reconcile_errors_total',
    'controller_runtime_reconcile_time_seconds',
    'controller_runtime_max_concurrent_reconciles',
    'controller_runtime_active_workers',
    'workqueue_depth',
    'workqueue_adds_total',
    'workqueue_retries_total',
    'workqueue_queue_duration_seconds',
    'workqueue_work_duration_seconds',
    'workqueue_unfinished_work_seconds',
    'workqueue_longest_running_processor_seconds',
    'rest_client_requests_total',
    'leader_election_master_status',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ])('exposes %s', async (name) => {
    expect(await createMetrics().registry.metrics()).toContain(`# HELP ${name} `);
  });

  it('asks the queues for work under way when scraped', async () => {
    const metrics = createMetrics();
    metrics.queues.add({ name: 'prunejob', runningForSeconds: () => [1, 4] });
    const text = await metrics.registry.metrics();
    expect(text).toContain('workqueue_unfinished_work_seconds{name="prunejob",controller="prunejob"} 5');
    expect(text).toContain('workqueue_longest_running_processor_seconds{name="prunejob",controller="prunejob"} 4');
  });
});
