/** Containers by their pod, killed by the container runtime: what a pod's kill -9 from outside is. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { list, type Condition, type Resource } from './kubectl.ts';
import { waitFor } from './wait.ts';
import { patience } from './patience.ts';

const run = promisify(execFile);

interface Ended {
  readonly exitCode: number;
  readonly reason?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly containerID?: string;
  readonly restartCount: number;
  readonly state: { readonly running?: object; readonly terminated?: Ended };
  readonly lastState: { readonly terminated?: Ended };
}

export type Pod = Resource<object, { readonly phase: string; readonly podIP?: string; readonly conditions?: Condition[]; readonly containerStatuses?: readonly ContainerStatus[] }>;

export function onlyContainer(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.[0];
}

export async function runningPod(namespace: string, selector: string): Promise<Pod> {
  return waitFor(`a running pod with ${selector} in ${namespace}`, patience, async () => {
    const pods = await list<Pod>('pods', namespace, selector);
    return pods.find((pod) => onlyContainer(pod)?.state.running !== undefined);
  });
}

export async function killContainer(pod: Pod): Promise<void> {
  const id = onlyContainer(pod)?.containerID?.replace('containerd://', '');
  if (id === undefined) throw new Error(`Pod ${pod.metadata.name} has no container that could be killed.`);
  await run('ctr', ['-n', 'k8s.io', 'tasks', 'kill', '--signal', 'SIGKILL', id]);
}
