/** What really runs behind an InferenceService: the Deployment that KServe renders, and the signs of failure in the service's own status. */
import { compact } from '../compact.ts';
import { isTrue, type Container, type Deployment } from '../kube.ts';
import type { Running, ServingObjects } from './adapter.ts';
import { readArguments } from './arguments.ts';
import { readRollout, withoutDeadline } from './deployment-running.ts';
import type { InferenceService } from './kserve-types.ts';
import { gpuLimitOf } from './resources.ts';

const sourceUri = 'internal.serving.kserve.io/storage-initializer-sourceuri';

export function newestDeployment(objects: ServingObjects): Deployment | undefined {
  return deploymentNamed(objects, (objects.service as InferenceService).spec?.predictor?.name);
}

/** Of the predictor, or canary, of this name. */
export function deploymentNamed({ service, deployments }: ServingObjects, variant: string | undefined): Deployment | undefined {
  return deployments.find(({ metadata }) => metadata.name === deploymentName(service.metadata.name, variant));
}

export function deploymentName(service: string, variant: string | undefined): string {
  return [service, ...(variant === undefined || variant === '' ? [] : [variant]), 'predictor'].join('-');
}

/** As rendered: the runtime's arguments, then the service's. Empty while nothing is rendered. */
export function serverArguments(deployment: Deployment | undefined): readonly string[] {
  return serverContainer(deployment)?.args ?? [];
}

export function readRunning(objects: ServingObjects): Running {
  const service = objects.service as InferenceService;
  const running = readRunningOf(`InferenceService ${service.metadata.name}`, objects, newestDeployment(objects), failureOf(service, 'BlockedByFailedLoad'));
  const pending = running.pending ?? servicePending(service);
  return compact({ ...running, settled: pending === undefined, pending, failure: failureOf(service, 'InvalidSpec') ?? running.failure });
}

/** `told` is for the stable predictor alone, of which the service speaks. */
export function readRunningOf(subject: string, objects: ServingObjects, deployment: Deployment | undefined, told?: string): Running {
  const rollout = readRollout(subject, objects, deployment && withoutDeadline(deployment), told);
  return compact({
    modelUri: deployment?.spec?.template?.metadata?.annotations?.[sourceUri],
    gpusPerReplica: gpuLimitOf(serverContainer(deployment)),
    tensorParallel: readArguments(serverArguments(deployment)).tensorParallel,
    ...rollout,
    settled: rollout.pending === undefined,
  });
}

function serverContainer(deployment: Deployment | undefined): Container | undefined {
  return deployment?.spec?.template?.spec?.containers?.find(({ name }) => name === 'kserve-container');
}

function servicePending({ status }: InferenceService): string | undefined {
  const transition = status?.modelStatus?.transitionStatus ?? '';
  if (!isTrue(status?.conditions, 'Ready')) return 'is not Ready';
  return ['', 'UpToDate'].includes(transition) ? undefined : `says that its model is ${transition}`;
}

/** lastFailureInfo stays after a success, so it only explains a transition that is bad now. */
function failureOf({ metadata, status }: InferenceService, transition: 'BlockedByFailedLoad' | 'InvalidSpec'): string | undefined {
  const { transitionStatus, lastFailureInfo = {} } = status?.modelStatus ?? {};
  if (transitionStatus !== transition) return undefined;
  return `InferenceService ${metadata.name} reports ${transition}: ${lastFailureInfo.message ?? lastFailureInfo.reason ?? 'no reason given'}`;
}
