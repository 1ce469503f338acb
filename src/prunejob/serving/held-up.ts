/** Why a new pod does not come up, in the words of who keeps it waiting: nobody should have to look for the pod to learn it. */
import { condition, type Pod } from '../kube.ts';

/** Every pod waits like this at first. */
const starting = ['ContainerCreating', 'PodInitializing'];

/** The end of a sentence that tells how many pods are there. */
export function heldUpBecause(pods: readonly Pod[]): string | undefined {
  return pods.flatMap((pod) => reason(pod) ?? []).at(0);
}

function reason(pod: Pod): string | undefined {
  const why = unscheduled(pod) ?? waiting(pod);
  return why && `pod ${pod.metadata.name}: ${why.replace(/[.\s]*$/, '')}`;
}

function unscheduled({ status }: Pod): string | undefined {
  const scheduled = condition(status?.conditions, 'PodScheduled');
  return scheduled?.status === 'False' ? (scheduled.message ?? scheduled.reason) : undefined;
}

function waiting({ status }: Pod): string | undefined {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const held = containers.map(({ state }) => state?.waiting).find((state) => !starting.includes(state?.reason ?? 'ContainerCreating'));
  return held && [held.reason, held.message].filter((part) => part !== undefined).join(': ');
}
