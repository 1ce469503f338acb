/** The queue that the documentation describes, and other teams' Jobs in it. */
import { expect } from 'vitest';

import { labels } from '../../../src/api/names.ts';
import { apply, get, kubectl, list, type Condition, type Resource } from '../../lib/kubectl.ts';
import { patience } from '../../lib/patience.ts';
import { gpuResource } from '../../lib/service.ts';
import { waitFor } from '../../lib/wait.ts';
import { clusterQueue, localQueue, namespace } from './place.ts';

export type Job = Resource<{ readonly suspend?: boolean }, { readonly failed?: number; readonly active?: number }>;
type Workload = Resource<object, { readonly conditions?: readonly Condition[] }>;
type ClusterQueue = Resource<object, { readonly reservingWorkloads?: number; readonly flavorsUsage?: readonly { readonly resources: readonly { readonly name: string; readonly total: string }[] }[] }>;

const gpusOfNode = 8;

/** A Job that takes all GPUs of the queue. */
export class OtherTeam implements AsyncDisposable {
  readonly #name: string;

  private constructor(name: string) {
    this.#name = name;
  }

  /** Once it is admitted. */
  static async comes(name: string, priorityClass?: string): Promise<OtherTeam> {
    await apply(jobOf(name, priorityClass), namespace);
    await waitFor(`Job ${name} to be admitted`, patience, async () => (await get<Job>('job', name, namespace))?.spec.suspend === false);
    return new OtherTeam(name);
  }

  async leaves(): Promise<void> {
    await kubectl(['delete', 'job', this.#name, '-n', namespace, '--ignore-not-found', '--cascade=foreground', '--wait']);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.leaves();
  }
}

function jobOf(name: string, priorityClass: string | undefined): object {
  const priority = priorityClass === undefined ? {} : { 'kueue.x-k8s.io/priority-class': priorityClass };
  const securityContext = { runAsNonRoot: true, runAsUser: 65535, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };
  const resources = { requests: { cpu: '1m', memory: '1Mi' }, limits: { [gpuResource]: `${gpusOfNode}` } };
  const container = { name: 'pause', image: 'localhost/pause:dev', imagePullPolicy: 'Never', securityContext, resources };
  const template = { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [container] } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, labels: { 'kueue.x-k8s.io/queue-name': localQueue, ...priority } }, spec: { template } };
}

/** GPUs that the queue has given away. */
export async function gpusTaken(): Promise<number> {
  const queue = await get<ClusterQueue>('clusterqueue', clusterQueue, namespace);
  const resources = queue?.status?.flavorsUsage?.flatMap((flavor) => flavor.resources) ?? [];
  return Number(resources.find(({ name }) => name === gpuResource)?.total ?? 0);
}

export async function jobsOf(pruneJob: string): Promise<Job[]> {
  return list<Job>('jobs', namespace, `${labels.pruneJob}=${pruneJob},${labels.stage}=prune`);
}

/** No pod, no quota, and nothing in the queue: as if the Job had never been. */
export async function expectGivenBack(pruneJob: string): Promise<void> {
  await waitFor(`the Jobs of ${pruneJob} to go`, patience, async () => (await jobsOf(pruneJob)).length === 0);
  await waitFor(`the Workloads of ${pruneJob} to go`, patience, async () => (await list<Workload>('workloads', namespace)).every(({ metadata }) => !metadata.name.startsWith(`job-${pruneJob}-`)));
  expect(await list('pods', namespace, `${labels.pruneJob}=${pruneJob}`), 'pods').toEqual([]);
}
