/** A pod that does nothing but hold GPUs. */
import { kubectl, apply } from './kubectl.ts';
import { patience } from './patience.ts';
import { gpuResource } from './service.ts';

export interface Guest {
  readonly gpus: number;
  readonly priorityClassName?: string;
}

/** Once it holds them, until it is let go. */
export async function invite(name: string, namespace: string, guest: Guest): Promise<AsyncDisposable> {
  await apply(podOf(name, guest), namespace);
  await kubectl(['wait', `pod/${name}`, '-n', namespace, '--for=jsonpath={.status.phase}=Running', `--timeout=${patience}s`]);
  return { [Symbol.asyncDispose]: () => dismiss(name, namespace) };
}

export async function dismiss(name: string, namespace: string): Promise<void> {
  await kubectl(['delete', 'pod', name, '-n', namespace, '--ignore-not-found', '--wait']);
}

function podOf(name: string, { gpus, ...spec }: Guest): object {
  const securityContext = { runAsNonRoot: true, runAsUser: 65535, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, seccompProfile: { type: 'RuntimeDefault' } };
  const resources = { limits: { [gpuResource]: `${gpus}` } };
  const container = { name: 'pause', image: 'localhost/pause:dev', imagePullPolicy: 'Never', securityContext, resources };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...spec, terminationGracePeriodSeconds: 1, containers: [container] } };
}
