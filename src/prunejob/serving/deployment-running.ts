/** What really runs behind a service: a Deployment, its newest ReplicaSet, and the pods of all of them. */
import { compact } from '../compact.ts';
import { condition, type Deployment, type Placement, type Pod, type ReplicaSet } from '../kube.ts';
import type { Running, ServingObjects } from './adapter.ts';
import { endpointsOf } from './endpoints.ts';
import { heldUpBecause } from './held-up.ts';
import { podFailure, stuckPod } from './new-pods.ts';

const revision = 'deployment.kubernetes.io/revision';

type Rollout = Pick<Running, 'updatedReplicas' | 'availableReplicas' | 'stopped' | 'pending' | 'failure' | 'stuck' | 'endpoints'>;

/** `subject` is the service in the sentences, as `InferenceService moe`; `told` is a failure that its own status tells. */
export function readRollout(subject: string, objects: Pick<ServingObjects, 'replicaSets' | 'pods'>, deployment: Deployment | undefined, told?: string): Rollout {
  if (deployment === undefined) return { pending: 'has no Deployment yet' };
  const { updatedReplicas, availableReplicas } = deployment.status ?? {};
  const pods = newAndOldPods(objects, deployment);
  const behind = behindBecause(deployment);
  return compact({
    updatedReplicas,
    availableReplicas,
    ...stopped(deployment, pods),
    pending: behind ?? replicasPending(deployment, pods.new) ?? oldPodsPending(pods.old),
    // Until then what the Deployment reports, and the newest ReplicaSet, are those of its earlier template.
    failure: behind === undefined ? (podFailure(subject, pods.new, told) ?? deploymentFailure(subject, deployment)) : undefined,
    stuck: behind === undefined ? stuckPod(pods.new) : undefined,
    endpoints: endpointsOf(pods.new),
  });
}

/**
 * For what KServe renders: neither kind of its services has a field for the progress deadline, and its controller puts the ten minutes of
 * Kubernetes' default back when somebody else writes the Deployment. A big model that loads for longer has not failed; the rollout's own
 * timeout decides.
 */
export function withoutDeadline({ status = {}, ...deployment }: Deployment): Deployment {
  return { ...deployment, status: { ...status, conditions: [] } };
}

export function nodeNames({ pods }: Pick<ServingObjects, 'pods'>): string[] {
  return [...new Set(pods.map((pod) => pod.spec?.nodeName).filter((name) => name !== undefined))];
}

/** Admission may add tolerations to pods that their template lacks, as it does for GPUs on some clusters. */
export function placementOf({ pods }: Pick<ServingObjects, 'pods'>, deployment: Deployment | undefined): Placement | undefined {
  const template = deployment?.spec?.template?.spec;
  if (template === undefined) return undefined;
  const { nodeSelector, affinity, tolerations = [] } = template;
  return compact({ nodeSelector, affinity, tolerations: [...tolerations, ...pods.flatMap(({ spec }) => spec?.tolerations ?? [])] });
}

interface Pods {
  readonly new: readonly Pod[];
  readonly old: readonly Pod[];
}

/** A pod that is being deleted still holds its GPUs, so it counts as old until it is gone. */
function newAndOldPods({ replicaSets, pods }: Pick<ServingObjects, 'replicaSets' | 'pods'>, deployment: Deployment): Pods {
  const sets = replicaSets.filter(({ metadata }) => ownedBy(metadata, deployment.metadata.uid));
  const newest = [...sets].sort((a, b) => revisionOf(a) - revisionOf(b)).at(-1);
  const alive = pods.filter((pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''));
  const ofDeployment = alive.filter((pod) => sets.some(({ metadata }) => ownedBy(pod.metadata, metadata.uid)));
  const isNew = (pod: Pod): boolean => ownedBy(pod.metadata, newest?.metadata.uid) && pod.metadata.deletionTimestamp === undefined;
  return { new: ofDeployment.filter(isNew), old: ofDeployment.filter((pod) => !isNew(pod)) };
}

function ownedBy({ ownerReferences }: Pod['metadata'], uid: string | undefined): boolean {
  return uid !== undefined && (ownerReferences ?? []).some((owner) => owner.uid === uid);
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.[revision] ?? 0);
}

function behindBecause({ metadata, status }: Deployment): string | undefined {
  return (status?.observedGeneration ?? 0) < (metadata.generation ?? 0) ? 'has a change that its Deployment has not taken up yet' : undefined;
}

function replicasPending({ spec, status = {} }: Deployment, pods: readonly Pod[]): string | undefined {
  const wanted = spec?.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (wanted > 0 && [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted)) return undefined;
  const why = heldUpBecause(pods);
  return `has ${updatedReplicas} of ${wanted} replicas updated and ${availableReplicas} available${why === undefined ? '' : ` (${why})`}`;
}

function stopped(deployment: Deployment, pods: Pods): { readonly stopped?: true } {
  const { spec, status: { replicas = 0 } = {} } = deployment;
  const empty = spec?.replicas === 0 && replicas + pods.new.length + pods.old.length === 0;
  return empty && behindBecause(deployment) === undefined ? { stopped: true } : {};
}

function oldPodsPending(pods: readonly Pod[]): string | undefined {
  return pods.length === 0 ? undefined : `still has ${pods.length} pod(s) of its old template`;
}

function deploymentFailure(subject: string, { status }: Deployment): string | undefined {
  const progressing = condition(status?.conditions, 'Progressing');
  if (progressing?.status !== 'False' || progressing.reason !== 'ProgressDeadlineExceeded') return undefined;
  return `The Deployment of ${subject} made no progress within its deadline: ${progressing.message ?? ''}`;
}
