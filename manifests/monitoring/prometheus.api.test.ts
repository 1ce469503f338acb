/** A real Prometheus scrapes the operator as it runs, against a real API server: the alert about a stalled run fires and ends, and the dashboard is answered. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Api, type Fields } from '../../crds/fixture.ts';
import { labels } from '../../src/api/names.ts';
import { leastPrivilege } from '../../src/shell/testing/least-privilege.ts';
import { OperatorProcess } from '../../src/shell/testing/operator-process.ts';
import { PlayedNode } from '../../src/shell/testing/played-node.ts';
import { queries } from './dashboard.ts';
import { Prometheus } from './prometheus.ts';
import { alerts, groups, recorded, type RuleGroup } from './rules.ts';

const namespace = 'default';
const path = (name: string) => `/apis/stun-operator.io/v1alpha1/namespaces/${namespace}/prunejobs/${name}`;
const soon = { timeout: 30_000, interval: 100 };
const tooOldSeconds = 4;

const spec = { model: { uri: 's3://models/tiny-moe/' }, pruning: { experts: { ratio: 0.25 }, weights: { method: 'None' } }, output: { uri: 's3://models/pruned/' } };
const result = {
  kind: 'Result', runKey: '0123456789abcdef', uri: 's3://models/done/tiny-moe/0123456789abcdef/', manifestDigest: `sha256:${'a'.repeat(64)}`, sparsity: 0.24,
  expertsBefore: 32, expertsAfter: 24, bytesBefore: 11_000_000, bytesAfter: 8_500_000, quality: null, stages: [{ stage: 'Experts', seconds: 12 }], reused: false,
};
const notFound = { kind: 'Error', reason: 'ModelNotFound', message: 's3://models/tiny-moe/ holds no config.json; correct spec.model.uri.' };
const now = `${new Date().toISOString().slice(0, 19)}Z`;
/** As a run leaves it that took a service from 4 GPUs to 2. */
const served = {
  phase: 'Complete',
  conditions: [
    { type: 'Complete', status: 'True', reason: 'Finished', message: 'Done.', lastTransitionTime: now },
    { type: 'RolledBack', status: 'False', reason: 'NothingToRollBack', message: 'Nothing was moved.', lastTransitionTime: now },
  ],
  plan: { gpusBefore: 4, gpusAfter: 2 },
  result: { bytesBefore: 4, bytesAfter: 2, quality: { perplexity: { before: 8, after: 8.4, increase: 0.05, upperBound: 0.06, tokens: 100, accepted: true } } },
  serving: { current: { gpus: 2 } },
};
/** The same rules, with seconds where minutes are, so that nobody waits half an hour. */
function shortened(group: RuleGroup): RuleGroup {
  const rules = group.rules.map((rule) => ('alert' in rule && rule.alert === 'PruneJobStalled' ? { ...rule, expr: rule.expr.replace('< 900', `< ${tooOldSeconds}`), for: `${tooOldSeconds}s` } : rule));
  return { ...group, rules };
}

/** An engine that answers /progress as it does in the pod: it stands still, until it is told to go on. */
class PlayedEngine {
  /** Every engine listens on port 8080, so each needs an address of its own. */
  readonly address = `127.77.${(process.pid >> 8) & 255}.${(process.pid & 127) + 1}`;
  readonly #server: Server;
  #layer = 3;
  moving = false;

  constructor() {
    this.#server = createServer((_, response) => {
      if (this.moving) this.#layer += 1;
      response.end(JSON.stringify({ runKey: '0123456789abcdef', stage: 'Experts', layer: this.#layer, layers: 32, percent: this.#layer, estimatedRemainingSeconds: 600, updatedAt: now }));
    });
  }

  async start(): Promise<void> {
    this.#server.listen(8080, this.address);
    await once(this.#server, 'listening');
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe('Prometheus beside the operator', () => {
  const engine = new PlayedEngine();
  let api: Api;
  let node: PlayedNode;
  let operator: OperatorProcess;
  let prometheus: Prometheus;

  const create = async (name: string, changes: Fields = {}) => { expect(await api.create(name, { ...spec, ...changes })).toHaveProperty('object'); };
  const started = async (name: string, podIP?: string) => {
    await create(name, { output: { uri: `s3://models/${name}/` } });
    await vi.waitFor(async () => { expect((await node.jobs()).map((job) => job.metadata.name)).toContain(`${name}-prune-1`); }, soon);
    await node.start(`${name}-prune-1`, podIP);
  };
  const firing = async () => (await prometheus.alerts()).filter(({ state }) => state === 'firing').map(({ labels: { alertname, name, reason } }) => ({ alertname, name, reason }));

  beforeAll(async () => {
    [api] = await Promise.all([Api.start(), engine.start()]);
    node = new PlayedNode(api.server, namespace);
    const serviceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', labels: { [labels.runner]: 'true' } } };
    await api.server.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, serviceAccount);
    operator = await OperatorProcess.start(await leastPrivilege(api.server), []);
    prometheus = await Prometheus.start(new URL(operator.url).host, groups.map(shortened));
    await started('stalled', engine.address);
    await started('done');
    await node.finish('done-prune-1', { exitCode: 0, message: result });
    await started('broken');
    await node.finish('broken-prune-1', { exitCode: 2, message: notFound });
    await create('served', { suspend: true });
    await vi.waitFor(async () => { expect((await api.patchStatus('served', served)).object?.status).toMatchObject({ phase: 'Complete' }); }, soon);
  });
  afterAll(async () => {
    engine.stop();
    await prometheus.stop();
    await operator.stop();
    await api.server.stop();
  });

  test('calls the run whose pod stands still stalled, and the one that failed failed, and no other', async () => {
    await vi.waitFor(async () => {
      expect((await firing()).sort((a, b) => (a.alertname ?? '').localeCompare(b.alertname ?? ''))).toEqual([
        { alertname: 'PruneJobFailed', name: 'broken', reason: 'ModelNotFound' },
        { alertname: 'PruneJobStalled', name: 'stalled', reason: undefined },
      ]);
    }, soon);
  });

  test.each(queries)('answers the dashboard: $title, $expr', async ({ expr }) => {
    const asked = expr.replaceAll('$namespace', '.*').replaceAll('[$__range:1m]', '[1m:1s]').replaceAll('$__rate_interval', '30s');
    expect(asked).not.toContain('$');
    await vi.waitFor(async () => { expect(await prometheus.query(asked)).not.toEqual([]); }, soon);
  });

  test('counts the GPUs that the service gave back', async () => {
    expect(await prometheus.query('namespace:stun_gpus_saved:sum == 2')).toMatchObject([{ metric: { namespace } }]);
  });

  test('evaluates every rule without an error', async () => {
    const rules = await prometheus.rules();
    expect(rules).toHaveLength(alerts.length + recorded.length);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  });

  test('ends the alert when the engine goes on', async () => {
    engine.moving = true;
    await vi.waitFor(async () => { expect((await firing()).map(({ alertname }) => alertname)).toEqual(['PruneJobFailed']); }, soon);
  });

  test('forgets a PruneJob that was deleted', async () => {
    expect(await prometheus.query('stun_prunejob_info{name="broken"}')).toHaveLength(1);
    await api.server.call('DELETE', path('broken'));
    await vi.waitFor(async () => { expect(await prometheus.query('{__name__=~"stun_prunejob_.*", name="broken"}')).toEqual([]); }, soon);
  });
});
