/**
 * A plain Deployment that runs vLLM.
 *
 * Its model is what its own spec says: the s3:// URI that vLLM is given, or the annotation of the pod template from which a container
 * learns what to fetch. Nothing renders it, so the spec that is written is the spec that runs once the pods are its own.
 */
import { annotations } from '../../api/names.ts';
import { compact } from '../compact.ts';
import type { ServiceRef } from '../decision.ts';
import type { KubeObject } from '../kube.ts';
import type { Place, Running, ServiceFields, ServiceObserved, ServiceTarget, ServingAdapter, ServingObjects } from './adapter.ts';
import { readArguments, withTensorParallel } from './arguments.ts';
import { refusalOf } from './deployment-refusal.ts';
import { nodeNames, placementOf, readRollout } from './deployment-running.ts';
import { modelOf, serverContainers, type VLLMDeployment } from './deployment-types.ts';
import { ownershipOf, type FieldPath } from './managed-fields.ts';
import { metadataWith, parseReceipt, receiptText } from './receipt.ts';
import { replacingPods } from './replacing-pods.ts';
import { gpu, gpuResources, readGPUs } from './resources.ts';
import { withModel, wordsOf, type CommandLine } from './vllm-command.ts';

const defaultDeadlineSeconds = 600;

export const deployment: ServingAdapter = { read, targetFields, object };

function read(objects: ServingObjects): ServiceObserved {
  const service = objects.service as VLLMDeployment;
  const fields = readFields(service);
  return compact({
    object: service,
    refusal: refusalOf(service),
    fields,
    replicas: service.spec?.replicas ?? 1,
    unsuited: { Canary: 'can have no canary, which is a feature of InferenceServices' },
    claimProblem: fields.modelUri.startsWith('pvc://') ? undefined : 'does not serve from a claim, and the one of spec.output would have to be mounted into its pods',
    ...readArguments(wordsOf(fields)),
    nodeNames: nodeNames(objects),
    placement: placementOf(objects, service),
    ...ownershipOf(service, writtenPaths(fields.place)),
    receipt: parseReceipt(fields.receipt),
    running: readRunning(objects, service, fields),
  });
}

function readFields(service: VLLMDeployment): ServiceFields {
  const server = serverContainers(service)[0];
  const { model, modelUri } = modelOf(service, server);
  const { command, args, resources } = server ?? {};
  const { strategy, progressDeadlineSeconds } = service.spec ?? {};
  const place = server === undefined ? undefined : { container: server.name, model };
  return compact({ modelUri, command, args, ...readGPUs(resources), deploymentStrategy: strategy, progressDeadlineSeconds, receipt: receiptText(service), place });
}

function readRunning(objects: ServingObjects, service: VLLMDeployment, fields: ServiceFields): Running {
  const rollout = readRollout(`Deployment ${service.metadata.name}`, objects, service);
  const { tensorParallel } = readArguments(wordsOf(fields));
  return compact({ modelUri: fields.modelUri, gpusPerReplica: fields.gpuLimit ?? 0, tensorParallel, ...rollout, settled: rollout.pending === undefined });
}

function writtenPaths(place: Place | undefined): readonly FieldPath[] {
  const container = ['spec', 'template', 'spec', 'containers', `[${place?.container ?? ''}]`];
  return [
    ...(place?.model === 'Annotation' ? [['spec', 'template', 'metadata', 'annotations', annotations.modelUri]] : []),
    [...container, 'command'],
    [...container, 'args'],
    [...container, 'resources', 'limits', gpu],
    [...container, 'resources', 'requests', gpu],
    ['spec', 'strategy'],
    ['spec', 'progressDeadlineSeconds'],
  ];
}

function targetFields(current: ServiceFields, { modelUri, gpusPerReplica, tensorParallel, strategy, deadlineSeconds }: ServiceTarget): ServiceFields {
  const line = current.place?.model === 'Argument' ? withModel(current, modelUri) : current;
  return compact({
    modelUri,
    ...withSize(line, tensorParallel),
    gpuLimit: gpusPerReplica,
    gpuRequest: gpusPerReplica,
    deploymentStrategy: replacingPods(strategy, current.deploymentStrategy),
    progressDeadlineSeconds: Math.max(current.progressDeadlineSeconds ?? defaultDeadlineSeconds, deadlineSeconds),
    place: current.place,
  });
}

function withSize({ command, args }: CommandLine, size: number): CommandLine {
  return compact({ command: command && withTensorParallel(command, size), args: args && withTensorParallel(args, size) });
}

/** The receipt is the Deployment's own annotation: on the pod template it would be a reason for new pods. */
function object(ref: ServiceRef, fields: Partial<ServiceFields>): KubeObject {
  const { modelUri, command, args, deploymentStrategy, progressDeadlineSeconds, place } = fields;
  const containers = [compact({ name: place?.container ?? '', command, args, resources: gpuResources(fields) })];
  const inTemplate = place?.model === 'Annotation' && modelUri !== undefined ? { annotations: { [annotations.modelUri]: modelUri } } : undefined;
  const template = compact({ metadata: inTemplate, spec: { containers } });
  return { apiVersion: ref.apiVersion, kind: ref.kind, metadata: metadataWith(ref, fields), spec: compact({ strategy: deploymentStrategy, progressDeadlineSeconds, template }) };
}
