/**
 * What the real Job controller makes of every recorded end of a pod, under the podFailurePolicy of an engine Job: the tables say how
 * often and where a run is tried again, and it is this controller that does it.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { startDaemon, stopAll, type Daemon } from '../../../e2e/lib/daemon.ts';
import { startApiServer, type ApiServer } from '../../../e2e/lib/apiserver.ts';
import { engineJob } from './job.ts';
import type { Retry } from '../failure/row.ts';
import type { Job, Pod } from '../kube.ts';
import { pruneJob } from '../testing/builders.ts';
import { recordedPods } from '../testing/recorded-pods.ts';

const namespace = 'default';
const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
const pods = `/api/v1/namespaces/${namespace}/pods`;
const withinMs = 90_000;

interface Case {
  readonly name: string;
  readonly retry: Retry;
  readonly status: object;
}

/** The API server wants more of a container's status than a decision reads. */
function whole(status: NonNullable<Pod['status']>): object {
  const containerStatuses = (status.containerStatuses ?? []).map((container) => ({ image: 'engine', imageID: '', ready: false, restartCount: 0, ...container }));
  return { ...status, ...(containerStatuses.length === 0 ? {} : { containerStatuses }) };
}

const exits = ([[1, 'Try'], [2, 'Never'], [3, 'Try'], [4, 'Never'], [5, 'Never'], [6, 'Never'], [128, 'Try'], [137, 'Try'], [143, 'Try']] as const).map(([exitCode, retry]): Case => (
  { name: `exit code ${exitCode}`, retry, status: whole({ phase: 'Failed', containerStatuses: [{ name: 'engine', state: { terminated: { exitCode, reason: 'Error' } } }] }) }
));
/** What goes elsewhere after its Job has used up its tries is a try to the controller. */
const recorded = recordedPods.map(({ row, retry, status }, index): Case => ({ name: `${row} (${index})`, retry: retry === 'Elsewhere' ? 'Try' : retry, status: whole(status) }));
const cases = [...exits, ...recorded].map((given, index) => ({ ...given, job: `end-${index}` }));

describe('the Job controller', () => {
  let server: ApiServer;
  let controller: Daemon;

  beforeAll(async () => {
    server = await startApiServer();
    controller = await startDaemon(server.folder, 'kube-controller-manager', [`--kubeconfig=${server.kubeconfig}`, '--controllers=job-controller', '--leader-elect=false', '--secure-port=0']);
    await Promise.all(cases.map(({ job }) => create(job)));
    await Promise.all(cases.map(({ job, status }) => end(job, status)));
  });

  afterAll(async () => {
    await stopAll([controller]);
    await server.stop();
  });

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await server.call(method, path, body);
    expect(answer.code, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer.body as T;
  }

  const podsOf = async (job: string) => (await call<{ items: Pod[] }>('GET', `${pods}?labelSelector=job-name%3D${job}`)).items;

  /** As the operator makes it for a run that has met a bad GPU before, so that the API server judges all of it. */
  async function create(name: string): Promise<void> {
    const engine = { image: 'stun-engine:0.1.0', serviceAccountName: 'default' };
    const manifest = engineJob({ pruneJob: pruneJob(), stage: 'prune', attempt: 1, engine, serviceAccount: { name: 'pruner', secretNames: ['s3'] }, avoidNodes: ['gpu-0', 'gpu-1'] });
    await call('POST', jobs, { ...manifest, metadata: { name, namespace } });
  }

  async function end(job: string, status: object): Promise<void> {
    const pod = await vi.waitFor(async () => {
      const [first] = await podsOf(job);
      expect(first).toBeDefined();
      return first;
    }, withinMs);
    await call('PATCH', `${pods}/${pod?.metadata.name ?? ''}/status`, { status });
  }

  const verdict = async (name: string): Promise<Retry | 'Undecided'> => {
    const { status } = await call<Job>('GET', `${jobs}/${name}`);
    if (status?.conditions?.some(({ type, reason }) => type === 'Failed' && reason === 'PodFailurePolicy')) return 'Never';
    if ((status?.failed ?? 0) > 0) return 'Try';
    return (await podsOf(name)).length > 1 ? 'Free' : 'Undecided';
  };

  it.each(cases)('$name: $retry', async ({ job, retry }) => {
    await vi.waitFor(async () => { expect(await verdict(job)).toBe(retry); }, { timeout: withinMs, interval: 200 });
  });
});
