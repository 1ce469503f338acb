/**
 * KServe's InferenceService in Standard mode.
 *
 * The service's Ready and modelStatus stay good while pods of the old model serve, so what runs is read from the Deployment that
 * KServe renders and from its pods; the service's own status only adds the signs of failure.
 */
import { annotations } from '../../api/names.ts';
import { compact } from '../compact.ts';
import type { KubeObject, Quantities } from '../kube.ts';
import type { ServiceRef } from '../decision.ts';
import type { Receipt, ServiceFields, ServiceObserved, ServiceTarget, ServingAdapter, ServingObjects } from './adapter.ts';
import { readArguments, withTensorParallel } from './arguments.ts';
import { refusalOf } from './kserve-refusal.ts';
import { newestDeployment, readRunning, serverArguments } from './kserve-running.ts';
import type { InferenceService } from './kserve-types.ts';
import { gitOwners, managedByUs, otherManagers, type FieldPath } from './managed-fields.ts';

const gpu = 'nvidia.com/gpu';
const model = ['spec', 'predictor', 'model'];

const writtenPaths: readonly FieldPath[] = [
  [...model, 'storageUri'],
  [...model, 'args'],
  [...model, 'resources', 'limits', gpu],
  [...model, 'resources', 'requests', gpu],
  ['spec', 'predictor', 'deploymentStrategy', 'type'],
];

export const kserve: ServingAdapter = { read, targetFields, object };

function read(objects: ServingObjects): ServiceObserved {
  const service = objects.service as InferenceService;
  const fields = readFields(service);
  const deployment = newestDeployment(objects);
  return compact({
    refusal: refusalOf(service, deployment),
    fields,
    replicas: deployment?.spec?.replicas ?? service.spec?.predictor?.minReplicas ?? 1,
    ...readArguments([...(fields.args ?? []), ...serverArguments(deployment)]),
    nodeNames: [...new Set(objects.pods.map((pod) => pod.spec?.nodeName).filter((name) => name !== undefined))],
    ...ownership(service),
    receipt: parseReceipt(fields.receipt),
    running: readRunning(objects),
  });
}

function ownership(service: KubeObject): Pick<ServiceObserved, 'gitOwners' | 'gitIgnoresFields' | 'otherManagers' | 'managedByUs'> {
  return {
    gitOwners: gitOwners(service, writtenPaths),
    gitIgnoresFields: service.metadata.annotations?.[annotations.gitIgnoresFields] === 'true',
    otherManagers: otherManagers(service, writtenPaths),
    managedByUs: managedByUs(service),
  };
}

function readFields({ metadata, spec }: InferenceService): ServiceFields {
  const predictor = spec?.predictor;
  const { storageUri = '', args, resources = {} } = predictor?.model ?? {};
  const [gpuLimit, gpuRequest] = [gpuCount(resources.limits), gpuCount(resources.requests)];
  const receipt = metadata.annotations?.[annotations.receipt];
  return compact({ modelUri: storageUri, args, gpuLimit, gpuRequest, deploymentStrategy: predictor?.deploymentStrategy, receipt });
}

function gpuCount(quantities: Quantities | undefined): number | undefined {
  const value = quantities?.[gpu];
  return value === undefined ? undefined : Number(value);
}

/** Arguments are only rewritten where they name a tensor-parallel size: another server might not know the flag. */
function targetFields(current: ServiceFields, target: ServiceTarget): ServiceFields {
  const args = current.args === undefined ? undefined : withTensorParallel(current.args, target.tensorParallel);
  const gpus = target.gpusPerReplica;
  return compact({ modelUri: target.modelUri, args, gpuLimit: gpus, gpuRequest: gpus, deploymentStrategy: deploymentStrategy(target) });
}

function deploymentStrategy({ strategy }: ServiceTarget): Readonly<Record<string, unknown>> {
  if (strategy === 'Recreate') return { type: 'Recreate' };
  // The old pods must not go before the new ones serve: with whole GPUs there is no half a replica.
  return { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
}

function object(ref: ServiceRef, fields: Partial<ServiceFields>): KubeObject {
  const { apiVersion, kind, name, namespace } = ref;
  const { modelUri, args, gpuLimit, gpuRequest, deploymentStrategy, receipt } = fields;
  const notes = receipt === undefined ? undefined : { [annotations.receipt]: receipt };
  const resources = compact({ limits: gpuQuantity(gpuLimit), requests: gpuQuantity(gpuRequest) });
  const model = compact({ storageUri: modelUri, args, resources });
  return { apiVersion, kind, metadata: compact({ name, namespace, annotations: notes }), spec: { predictor: compact({ deploymentStrategy, model }) } };
}

function gpuQuantity(count: number | undefined): Quantities | undefined {
  return count === undefined ? undefined : { [gpu]: `${count}` };
}

function parseReceipt(text: string | undefined): Receipt | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<Receipt> | null;
    return typeof value?.runKey === 'string' && typeof value.gpusBefore === 'number' ? (value as Receipt) : undefined;
  } catch {
    return undefined;
  }
}
