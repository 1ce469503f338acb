/** A service before, during and after its rollout, worked out again from the status for every decision. */
import type { PruneJobStatus, ServingSpec } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import type { ServiceAction } from '../decision.ts';
import { streamedSummary } from '../quality.ts';
import { withReplicas } from './replicas.ts';
import { hasWritten, rolloutOf, serviceRef, type Run } from '../run.ts';
import type { Canary, Receipt, Running, ServiceFields, ServiceObserved, ServiceTarget, ServingAdapter } from '../serving/adapter.ts';
import { serviceKind } from '../serving/registry.ts';
import { sameModel } from '../serving/fields.ts';
import { durationMs } from '../units.ts';
import { wayBack } from './way-back.ts';

export interface Handover {
  readonly serving: ServingSpec;
  readonly adapter: ServingAdapter;
  readonly service: ServiceObserved;
  /** As saved before the first write. */
  readonly previous: ServiceFields;
  readonly previousParallel?: number;
  /** What a put-back leaves: as saved, but for what is somebody else's by now. */
  readonly back: ServiceFields;
  readonly target: ServiceFields;
  /** What proves the target first, with strategy Canary. */
  readonly canary?: Canary;
  /** The target with the service's own way of replacing pods, and its own patience: the rollout's do not outlive it. */
  readonly final: ServiceFields;
}

/** Undefined while nothing is saved, or when the service is gone. */
export function handoverOf(run: Run): Handover | undefined {
  const { serving } = run.spec;
  const adapter = serving === undefined ? undefined : serviceKind(serving.ref)?.adapter;
  return serving === undefined || adapter === undefined ? undefined : handoverBy(run, serving, adapter);
}

function handoverBy(run: Run, serving: ServingSpec, adapter: ServingAdapter): Handover | undefined {
  const { service } = run.observed;
  const saved = run.status.serving?.previous?.fields as ServiceFields | undefined;
  if (typeof service === 'string' || saved === undefined) return undefined;
  const previous = withReplicas(run, saved, service.fields, canaryOf(serving, adapter, saved, saved));
  const moved = adapter.targetFields(previous, targetOf(run.status, serving));
  const target = { ...moved, receipt: JSON.stringify(receiptFor(run, cameFrom(service, previous, moved))) };
  const canary = canaryOf(serving, adapter, previous, target);
  const change = compact({ adapter, service, previous, previousParallel: run.status.serving?.previous?.tensorParallel, target });
  return compact({ ...change, serving, back: wayBack(change), canary, final: settled(target, previous) });
}

function canaryOf({ strategy }: ServingSpec, adapter: ServingAdapter, previous: ServiceFields, target: ServiceFields): Canary | undefined {
  return strategy === 'Canary' ? adapter.canary?.(previous, target) : undefined;
}

function targetOf({ plan, result }: PruneJobStatus, { strategy, timeout }: ServingSpec): ServiceTarget {
  const tensorParallel = plan?.tensorParallel ?? 0;
  return {
    modelUri: result?.uri ?? '',
    gpusPerReplica: tensorParallel,
    tensorParallel,
    strategy,
    deadlineSeconds: durationMs(timeout) / 1000,
  };
}

function settled(target: ServiceFields, { deploymentStrategy, progressDeadlineSeconds }: ServiceFields): ServiceFields {
  return compact({ ...target, deploymentStrategy, progressDeadlineSeconds });
}

export function applyService(run: Run, { serving, adapter, previous, canary }: Handover, fields: Partial<ServiceFields>): ServiceAction {
  const ref = serviceRef(run, serving);
  // Once ours, a field that is left out goes: the replicas that were raised for a canary are told in every write after it.
  const replicas = canary?.minReplicas === undefined ? {} : { minReplicas: previous.stable?.minReplicas };
  return { kind: 'ApplyService', ref, object: adapter.object(ref, compact({ ...replicas, ...fields })) };
}

/** Towards the pruned model only onto what was seen: a late cache shows a service half moved by another one, or before somebody's last edit. */
export function moveService(run: Run, handover: Handover, fields: Partial<ServiceFields>): ServiceAction {
  return ifSeen(handover, applyService(run, handover, fields));
}

export function ifSeen({ service }: Handover, write: ServiceAction): ServiceAction {
  return compact({ ...write, ifVersion: service.object.metadata.resourceVersion });
}

/** Also by a write whose note was lost: that left its receipt. */
export function hasTouched(run: Run, handover: Handover): boolean {
  return hasWritten(rolloutOf(run)) || (!sameModel(handover.previous, handover.target) && leftReceipt(handover));
}

export function leftReceipt({ service: { fields }, target, canary }: Handover): boolean {
  return fields.receipt === target.receipt || (fields.canary !== undefined && fields.canary.receipt === canary?.receipt);
}

function receiptFor({ observed, status }: Run, previousUri: string): Receipt {
  const { name, namespace } = observed.pruneJob.metadata;
  const { plan, result: { manifestDigest = '', quality, signature } = {}, runKey = '' } = status;
  return compact({
    pruneJob: `${namespace}/${name}`,
    runKey,
    manifestDigest,
    previousUri,
    gpusBefore: plan?.gpusBefore ?? 0,
    gpusAfter: plan?.gpusAfter ?? 0,
    quality: streamedSummary(quality),
    keyFingerprint: signature?.keyFingerprint,
  });
}

/** A service that had moved already keeps the memory of where it came from. */
function cameFrom(service: ServiceObserved, previous: ServiceFields, target: ServiceFields): string {
  return previous.modelUri === target.modelUri ? (service.receipt?.previousUri ?? '') : previous.modelUri;
}

/** Whether the rendered Deployment and its pods are what these fields ask for, and nothing else runs beside them. */
export function runs({ modelUri, gpusPerReplica, tensorParallel, settled }: Running, fields: ServiceFields, planned?: number): boolean {
  const parallel = planned === undefined || tensorParallel === undefined || tensorParallel === planned;
  return settled && modelUri === fields.modelUri && gpusPerReplica === fields.gpuLimit && parallel;
}

export function savedService({ fields, replicas, tensorParallel }: ServiceObserved): NonNullable<NonNullable<PruneJobStatus['serving']>['previous']> {
  return compact({ uri: fields.modelUri, gpus: (fields.gpuLimit ?? 0) * replicas, tensorParallel, fields: compact({ ...fields, canary: undefined }) });
}

export function currentService({ running, replicas }: ServiceObserved): NonNullable<NonNullable<PruneJobStatus['serving']>['current']> {
  const { modelUri, gpusPerReplica, updatedReplicas, availableReplicas } = running;
  return compact({ uri: modelUri, gpus: gpusPerReplica * replicas, replicas, updatedReplicas, availableReplicas });
}
