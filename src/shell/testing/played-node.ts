/**
 * Plays Job controller, kubelet and garbage collector towards an API server that has none: makes the pod of a Job, and ends both as they would.
 * Only for tests of the operator alone; the end-to-end tests run the real ones.
 */
import type { ApiServer } from '../../../e2e/lib/apiserver.ts';
import type { KubeObject } from '../../runtime/types.ts';
import type { LiveJob } from '../stores.ts';

export interface Ending {
  readonly exitCode: number;
  readonly message: object;
}

interface Template {
  readonly metadata: Omit<KubeObject['metadata'], 'name'>;
  readonly spec: object;
}

export class PlayedNode {
  readonly #server: ApiServer;
  readonly #namespace: string;

  constructor(server: ApiServer, namespace: string) {
    this.#server = server;
    this.#namespace = namespace;
  }

  async jobs(): Promise<readonly LiveJob[]> {
    return (await this.#call<{ items: LiveJob[] }>('GET', this.#jobPath(''))).items;
  }

  /** The Job's pod, running; with an address only where its engine is to be asked. */
  async start(jobName: string, podIP?: string): Promise<void> {
    const job = await this.#call<LiveJob>('GET', this.#jobPath(jobName));
    const { metadata, spec } = (job.spec as { readonly template: Template }).template;
    const owner = { apiVersion: 'batch/v1', kind: 'Job', name: jobName, uid: job.metadata.uid, controller: true };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: podName(jobName), ownerReferences: [owner] }, spec: { ...spec, nodeName: 'played' } };
    await this.#call('POST', this.#podPath(''), pod);
    await this.#call('PATCH', `${this.#podPath(podName(jobName))}/status`, { status: { phase: 'Running', ...addressed(podIP), startTime: now(), containerStatuses: [engine({ running: { startedAt: now() } })] } });
    await this.#call('PATCH', `${this.#jobPath(jobName)}/status`, { status: { active: 1, ready: 1, startTime: now() } });
  }

  async finish(jobName: string, { exitCode, message }: Ending): Promise<void> {
    const succeeded = exitCode === 0;
    const terminated = { exitCode, reason: succeeded ? 'Completed' : 'Error', message: JSON.stringify(message), startedAt: now(), finishedAt: now() };
    await this.#call('PATCH', `${this.#podPath(podName(jobName))}/status`, { status: { phase: succeeded ? 'Succeeded' : 'Failed', containerStatuses: [engine({ terminated })] } });
    await this.#call('PATCH', `${this.#jobPath(jobName)}/status`, { status: succeeded ? complete() : failed() });
  }

  /** What the garbage collector does for a Job that is being deleted in the foreground: its pods first, then itself. */
  async collect(jobName: string): Promise<void> {
    await this.#call('DELETE', `${this.#podPath(podName(jobName))}?gracePeriodSeconds=0`);
    await this.#call('PATCH', this.#jobPath(jobName), { metadata: { finalizers: null } });
  }

  /** At once, as somebody who tidies up would. */
  async remove(jobName: string): Promise<void> {
    await this.#call('DELETE', `${this.#jobPath(jobName)}?propagationPolicy=Background`);
  }

  #jobPath(name: string): string {
    return `/apis/batch/v1/namespaces/${this.#namespace}/jobs/${name}`;
  }

  #podPath(name: string): string {
    return `/api/v1/namespaces/${this.#namespace}/pods/${name}`;
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.#server.call(method, path.replace(/\/$/, ''), body);
    if (answer.code >= 300) throw new Error(`${method} ${path} was answered with ${answer.code}: ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }
}

function addressed(podIP: string | undefined): object {
  return podIP === undefined ? {} : { podIP, podIPs: [{ ip: podIP }] };
}

function engine(state: object): object {
  return { name: 'engine', image: 'engine', imageID: '', ready: false, restartCount: 0, state };
}

function podName(jobName: string): string {
  return `${jobName}-pod`;
}

/** The API server insists on the interim condition before the final one, as the Job controller sets them. */
function complete(): object {
  return { active: 0, ready: 0, succeeded: 1, completionTime: now(), uncountedTerminatedPods: {}, conditions: [condition('SuccessCriteriaMet'), condition('Complete')] };
}

function failed(): object {
  return { active: 0, ready: 0, failed: 1, uncountedTerminatedPods: {}, conditions: [condition('FailureTarget'), condition('Failed')] };
}

function condition(type: string): object {
  return { type, status: 'True', reason: 'PodFailurePolicy', message: 'played by the test', lastTransitionTime: now(), lastProbeTime: now() };
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
