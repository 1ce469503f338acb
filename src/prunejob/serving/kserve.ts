/**
 * KServe's InferenceService in Standard mode.
 *
 * The service's Ready and modelStatus stay good while pods of the old model serve, so what runs is read from the Deployment that
 * KServe renders and from its pods; the service's own status only adds the signs of failure.
 */
import { compact } from '../compact.ts';
import type { ServiceRef } from '../decision.ts';
import type { KubeObject } from '../kube.ts';
import type { ServiceFields, ServiceObserved, ServiceTarget, ServingAdapter, ServingObjects } from './adapter.ts';
import { readArguments, withTensorParallel } from './arguments.ts';
import { nodeNames, placementOf } from './deployment-running.ts';
import { canaryEntries, canaryOf, canaryProblem, networkServices, readCanary, readCanaryRunning } from './kserve-canary.ts';
import { refusalOf } from './kserve-refusal.ts';
import { newestDeployment, readRunning, serverArguments } from './kserve-running.ts';
import type { InferenceService } from './kserve-types.ts';
import { ownershipOf, type FieldPath } from './managed-fields.ts';
import { metadataWith, parseReceipt, receiptText } from './receipt.ts';
import { replacingPods } from './replacing-pods.ts';
import { gpu, gpuResources, readGPUs } from './resources.ts';

const model = ['spec', 'predictor', 'model'];

const writtenPaths: readonly FieldPath[] = [
  [...model, 'storageUri'],
  [...model, 'args'],
  [...model, 'resources', 'limits', gpu],
  [...model, 'resources', 'requests', gpu],
  ['spec', 'predictor', 'deploymentStrategy'],
];

export const kserve: ServingAdapter = { read, targetFields, canary: canaryOf, networkServices, object };

function read(objects: ServingObjects): ServiceObserved {
  const service = objects.service as InferenceService;
  const fields = readFields(service);
  const deployment = newestDeployment(objects);
  return compact({
    object: service,
    refusal: refusalOf(service, deployment),
    fields,
    replicas: deployment?.spec?.replicas ?? service.spec?.predictor?.minReplicas ?? 1,
    unsuited: compact({ Canary: canaryProblem(service) }),
    ...readArguments([...(fields.args ?? []), ...serverArguments(deployment)]),
    nodeNames: nodeNames(objects),
    placement: placementOf(objects, deployment),
    ...ownershipOf(service, writtenPaths),
    receipt: parseReceipt(fields.receipt),
    running: readRunning(objects),
    canary: readCanaryRunning(objects),
  });
}

function readFields(service: InferenceService): ServiceFields {
  const predictor = service.spec?.predictor;
  const { storageUri = '', args, resources, modelFormat } = predictor?.model ?? {};
  return compact({
    modelUri: storageUri,
    args,
    ...readGPUs(resources),
    deploymentStrategy: predictor?.deploymentStrategy,
    receipt: receiptText(service),
    canary: readCanary(service),
    stable: some(compact({ minReplicas: predictor?.minReplicas, modelFormat })),
  });
}

function some<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}

/** Arguments are only rewritten where they name a tensor-parallel size: another server might not know the flag. */
function targetFields(current: ServiceFields, target: ServiceTarget): ServiceFields {
  const args = current.args === undefined ? undefined : withTensorParallel(current.args, target.tensorParallel);
  const gpus = target.gpusPerReplica;
  return compact({ modelUri: target.modelUri, args, gpuLimit: gpus, gpuRequest: gpus, deploymentStrategy: replacingPods(target.strategy, current.deploymentStrategy), stable: current.stable });
}

function object(ref: ServiceRef, fields: Partial<ServiceFields>): KubeObject {
  const { modelUri, args, deploymentStrategy, canary, stable } = fields;
  const model = compact({ storageUri: modelUri, args, resources: gpuResources(fields) });
  const predictor = compact({ deploymentStrategy, minReplicas: canary?.minReplicas ?? fields.minReplicas, model });
  const spec = compact({ predictor, canary: canary === undefined ? undefined : canaryEntries(canary, stable) });
  return { apiVersion: ref.apiVersion, kind: ref.kind, metadata: metadataWith(ref, fields), spec };
}
