/** What really runs behind an InferenceService: the Deployment that KServe renders, its newest ReplicaSet, and the pods of all of them. */
import { compact } from '../compact.ts';
import { condition, isTrue, type Container, type Deployment, type Pod, type ReplicaSet } from '../kube.ts';
import type { Running, ServingObjects } from './adapter.ts';
import { readArguments } from './arguments.ts';
import type { InferenceService } from './kserve-types.ts';

const sourceUri = 'internal.serving.kserve.io/storage-initializer-sourceuri';
const revision = 'deployment.kubernetes.io/revision';
const gpu = 'nvidia.com/gpu';

export function newestDeployment({ service, deployments }: ServingObjects): Deployment | undefined {
  const variant = (service as InferenceService).spec?.predictor?.name;
  const name = [service.metadata.name, ...(variant === undefined || variant === '' ? [] : [variant]), 'predictor'].join('-');
  return deployments.find(({ metadata }) => metadata.name === name);
}

/** As rendered: the runtime's arguments, then the service's. Empty while nothing is rendered. */
export function serverArguments(deployment: Deployment | undefined): readonly string[] {
  return serverContainer(deployment)?.args ?? [];
}

export function readRunning(objects: ServingObjects): Running {
  const service = objects.service as InferenceService;
  const deployment = newestDeployment(objects);
  const pods = newAndOldPods(objects, deployment);
  const pending = pendingBecause(service, deployment, pods.old);
  return compact({
    modelUri: loadedUri(deployment),
    gpusPerReplica: Number(serverContainer(deployment)?.resources?.limits?.[gpu] ?? 0),
    tensorParallel: readArguments(serverArguments(deployment)).tensorParallel,
    ...replicaCounts(deployment),
    settled: pending === undefined,
    pending,
    failure: modelFailure(service) ?? deploymentFailure(service, deployment) ?? podFailure(service, pods.new),
  });
}

function replicaCounts(deployment: Deployment | undefined): Pick<Running, 'updatedReplicas' | 'availableReplicas'> {
  return compact({ updatedReplicas: deployment?.status?.updatedReplicas, availableReplicas: deployment?.status?.availableReplicas });
}

function loadedUri(deployment: Deployment | undefined): string | undefined {
  return deployment?.spec?.template?.metadata?.annotations?.[sourceUri];
}

function serverContainer(deployment: Deployment | undefined): Container | undefined {
  return deployment?.spec?.template?.spec?.containers?.find(({ name }) => name === 'kserve-container');
}

interface Pods {
  readonly new: readonly Pod[];
  readonly old: readonly Pod[];
}

/** A pod that is being deleted still holds its GPUs, so it counts as old until it is gone. */
function newAndOldPods({ replicaSets, pods }: ServingObjects, deployment: Deployment | undefined): Pods {
  const sets = replicaSets.filter(({ metadata }) => ownedBy(metadata, deployment?.metadata.uid));
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

function pendingBecause(service: InferenceService, deployment: Deployment | undefined, oldPods: readonly Pod[]): string | undefined {
  if (deployment === undefined) return 'has no Deployment yet';
  return deploymentPending(deployment) ?? oldPodsPending(oldPods) ?? servicePending(service);
}

function deploymentPending({ metadata, spec, status }: Deployment): string | undefined {
  const { observedGeneration = 0 } = status ?? {};
  if (observedGeneration < (metadata.generation ?? 0)) return 'has a change that its Deployment has not taken up yet';
  return replicasPending(spec?.replicas ?? 1, status);
}

function replicasPending(wanted: number, status: Deployment['status'] = {}): string | undefined {
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (wanted > 0 && [replicas, updatedReplicas, availableReplicas].every((count) => count === wanted)) return undefined;
  return `has ${updatedReplicas} of ${wanted} replicas updated and ${availableReplicas} available`;
}

function oldPodsPending(pods: readonly Pod[]): string | undefined {
  return pods.length === 0 ? undefined : `still has ${pods.length} pod(s) of its old template`;
}

function servicePending({ status }: InferenceService): string | undefined {
  const transition = status?.modelStatus?.transitionStatus ?? '';
  if (!isTrue(status?.conditions, 'Ready')) return 'is not Ready';
  return ['', 'UpToDate'].includes(transition) ? undefined : `says that its model is ${transition}`;
}

/** lastFailureInfo stays after a success, so it only explains a transition that is bad now. */
function modelFailure({ metadata, status }: InferenceService): string | undefined {
  const { transitionStatus = '', lastFailureInfo = {} } = status?.modelStatus ?? {};
  if (!['BlockedByFailedLoad', 'InvalidSpec'].includes(transitionStatus)) return undefined;
  return `InferenceService ${metadata.name} reports ${transitionStatus}: ${lastFailureInfo.message ?? lastFailureInfo.reason ?? 'no reason given'}`;
}

function deploymentFailure({ metadata }: InferenceService, deployment: Deployment | undefined): string | undefined {
  const progressing = condition(deployment?.status?.conditions, 'Progressing');
  if (progressing?.status !== 'False' || progressing.reason !== 'ProgressDeadlineExceeded') return undefined;
  return `The Deployment of InferenceService ${metadata.name} made no progress within its deadline: ${progressing.message ?? ''}`;
}

function podFailure({ metadata }: InferenceService, pods: readonly Pod[]): string | undefined {
  const crashing = pods.find(isCrashLooping);
  return crashing === undefined ? undefined : `Pod ${crashing.metadata.name} of InferenceService ${metadata.name} keeps crashing (CrashLoopBackOff); kubectl logs says why`;
}

function isCrashLooping({ status }: Pod): boolean {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return containers.some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff');
}
