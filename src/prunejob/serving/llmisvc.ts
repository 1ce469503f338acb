/**
 * KServe's LLMInferenceService on one node.
 *
 * It has fields for the model, the size and the GPUs, and none for how pods are replaced: its Deployment keeps Kubernetes' defaults,
 * by which no old pod goes before a new one serves as long as there are fewer than four replicas.
 */
import { compact } from '../compact.ts';
import type { ServiceRef } from '../decision.ts';
import { isTrue, type Deployment, type KubeObject, type PodSpec } from '../kube.ts';
import type { Running, ServiceFields, ServiceObserved, ServiceTarget, ServingAdapter, ServingObjects } from './adapter.ts';
import { readArguments, type ServerArguments } from './arguments.ts';
import { nodeNames, placementOf, readRollout, withoutDeadline } from './deployment-running.ts';
import { refusalOf } from './llmisvc-refusal.ts';
import { mainContainer, workloadOf, type LLMInferenceService } from './llmisvc-types.ts';
import { ownershipOf, type FieldPath } from './managed-fields.ts';
import { metadataWith, parseReceipt, receiptText } from './receipt.ts';
import { gpu, gpuLimitOf, gpuResources, readGPUs } from './resources.ts';
import { wordsOf } from './vllm-command.ts';

const claimVolume = 'kserve-pvc-source';
const resources = ['spec', 'template', 'containers', '[main]', 'resources'];

const writtenPaths: readonly FieldPath[] = [
  ['spec', 'model', 'uri'],
  ['spec', 'parallelism', 'tensor'],
  [...resources, 'limits', gpu],
  [...resources, 'requests', gpu],
];

export const llmisvc: ServingAdapter = { read, targetFields, object };

function read(objects: ServingObjects): ServiceObserved {
  const service = objects.service as LLMInferenceService;
  const fields = readFields(service);
  const workload = workloadOf(service, objects.deployments);
  return compact({
    object: service,
    refusal: refusalOf(service),
    fields,
    replicas: workload?.spec?.replicas ?? service.spec?.replicas ?? 1,
    unsuited: {
      Canary: 'can have no canary, which is a feature of InferenceServices',
      Recreate: 'has no field that makes its old pods go first',
    },
    ...compact({ ...serverArguments(workload), tensorParallel: fields.tensorParallel }),
    nodeNames: nodeNames(objects),
    placement: placementOf(objects, workload),
    ...ownershipOf(service, writtenPaths),
    receipt: parseReceipt(fields.receipt),
    running: readRunning(objects, service, workload),
  });
}

function readFields(service: LLMInferenceService): ServiceFields {
  const { model, parallelism, template } = service.spec ?? {};
  return compact({ modelUri: model?.uri ?? '', tensorParallel: parallelism?.tensor, ...readGPUs(mainContainer(template)?.resources), receipt: receiptText(service) });
}

function readRunning(objects: ServingObjects, service: LLMInferenceService, workload: Deployment | undefined): Running {
  const rollout = readRollout(`LLMInferenceService ${service.metadata.name}`, objects, workload && withoutDeadline(workload));
  const pending = rollout.pending ?? (isTrue(service.status?.conditions, 'WorkloadsReady') ? undefined : 'has workloads that are not ready');
  return compact({
    modelUri: loadedUri(workload),
    gpusPerReplica: gpuLimitOf(mainContainer(workload?.spec?.template?.spec)),
    tensorParallel: serverArguments(workload).tensorParallel,
    ...rollout,
    settled: pending === undefined,
    pending,
  });
}

/** KServe's own script, what the service adds to it, and the variable by which its samples add more. */
function serverArguments(workload: Deployment | undefined): ServerArguments {
  const main = mainContainer(workload?.spec?.template?.spec);
  const added = main?.env?.find(({ name }) => name === 'VLLM_ADDITIONAL_ARGS')?.value ?? '';
  return readArguments([...wordsOf(main ?? {}), added]);
}

function loadedUri(workload: Deployment | undefined): string | undefined {
  const template = workload?.spec?.template?.spec;
  return template?.initContainers?.find(({ name }) => name === 'storage-initializer')?.args?.[0] ?? mountedUri(template);
}

/** Nothing fetches a model that lies in a claim: KServe mounts the claim at the model's path. */
function mountedUri(template: PodSpec | undefined): string | undefined {
  const claim = template?.volumes?.find(({ name }) => name === claimVolume)?.persistentVolumeClaim?.claimName;
  const path = mainContainer(template)?.volumeMounts?.find(({ name }) => name === claimVolume)?.subPath;
  return claim && `pvc://${[claim, ...(path === undefined ? [] : [path])].join('/')}`;
}

function targetFields(current: ServiceFields, { modelUri, gpusPerReplica, tensorParallel }: ServiceTarget): ServiceFields {
  return compact({ modelUri, tensorParallel: current.tensorParallel && tensorParallel, gpuLimit: gpusPerReplica, gpuRequest: gpusPerReplica });
}

function object(ref: ServiceRef, fields: Partial<ServiceFields>): KubeObject {
  const { modelUri, tensorParallel } = fields;
  const model = modelUri === undefined ? undefined : { uri: modelUri };
  const parallelism = tensorParallel === undefined ? undefined : { tensor: tensorParallel };
  const template = { containers: [{ name: 'main', resources: gpuResources(fields) }] };
  return { apiVersion: ref.apiVersion, kind: ref.kind, metadata: metadataWith(ref, fields), spec: compact({ model, parallelism, template }) };
}
