/**
 * A dark launch beside an InferenceService: one pod of the pruned model, with a Service of its own and no share of the traffic.
 *
 * Four traps of KServe 0.20. Without `minReplicas` a canary with no traffic gets no pod. The canary's pod is taken out of the
 * stable predictor's `minReplicas` at once, before it is ready, so that is raised by one for as long as the canary is there. And annotations
 * of the service go into the pods of both: the receipt, written when the service itself moves, would replace the canary's pod by another
 * one on GPUs that nobody planned, so the canary has it from its start. And the autoscaler
 * of a canary has no owner and would outlive it, failing for ever, so the canary asks for none.
 */
import { annotations } from '../../api/names.ts';
import { compact } from '../compact.ts';
import type { Canary, Running, ServiceFields, ServingObjects, Stable } from './adapter.ts';
import { deploymentName, deploymentNamed, readRunningOf } from './kserve-running.ts';
import type { CanaryEntry, InferenceService } from './kserve-types.ts';
import { receiptAnnotation } from './receipt.ts';
import { gpuResources, readGPUs } from './resources.ts';

const canaryName = 'stun';
const standard = 'Standard';
const noAutoscaler = { 'serving.kserve.io/autoscalerClass': 'none' };

export function canaryOf({ stable: { minReplicas } = {} }: ServiceFields, { modelUri, args, gpuLimit, gpuRequest, receipt }: ServiceFields): Canary {
  return compact({ modelUri, args, gpuLimit, gpuRequest, receipt, minReplicas: keepsReplicas(minReplicas) ? minReplicas + 1 : undefined });
}

function keepsReplicas(minReplicas: number | undefined): minReplicas is number {
  return minReplicas !== undefined && minReplicas > 1;
}

export function readCanary({ spec }: InferenceService): Canary | undefined {
  const { model, annotations: marks } = ownEntry(spec?.canary ?? []);
  const minReplicas = spec?.predictor?.minReplicas;
  if (model === undefined) return undefined;
  const fields = { modelUri: model.storageUri ?? '', args: model.args, ...readGPUs(model.resources), receipt: marks?.[annotations.receipt] };
  return compact({ ...fields, minReplicas: keepsReplicas(minReplicas) ? minReplicas : undefined });
}

function ownEntry(entries: readonly CanaryEntry[]): NonNullable<CanaryEntry['predictor']> {
  return entries.find(({ predictor }) => predictor?.name === canaryName)?.predictor ?? {};
}

/** Named as the Deployments behind them. */
export function networkServices(name: string): { readonly serving: string; readonly canary: string } {
  return { serving: deploymentName(name, undefined), canary: deploymentName(name, canaryName) };
}

/** KServe lays the entry over the stable predictor: what it leaves out is the same there. */
export function canaryEntries({ modelUri, args, receipt, ...gpus }: Canary, { modelFormat }: Stable = {}): CanaryEntry[] {
  const model = compact({ modelFormat, storageUri: modelUri, args, resources: gpuResources(gpus) });
  return [{ trafficPercent: 0, predictor: compact({ name: canaryName, annotations: { ...noAutoscaler, ...receiptAnnotation(receipt) }, minReplicas: 1, model }) }];
}

/** Undefined when nothing of a canary of ours is there yet, or any more. */
export function readCanaryRunning(objects: ServingObjects): Running | undefined {
  const deployment = deploymentNamed(objects, canaryName);
  if (deployment === undefined) return readEnding(objects);
  return readRunningOf(`The canary of InferenceService ${objects.service.metadata.name}`, objects, deployment);
}

/** Its pods hold their GPUs until they are gone, which is later than their Deployment. */
function readEnding({ service, pods }: ServingObjects): Running | undefined {
  const prefix = `${deploymentName(service.metadata.name, canaryName)}-`;
  const left = pods.filter(({ metadata, status }) => metadata.name.startsWith(prefix) && !['Succeeded', 'Failed'].includes(status?.phase ?? ''));
  return left.length === 0 ? undefined : { gpusPerReplica: 0, settled: false, pending: `still has ${left.length} pod(s) that are ending` };
}

/** Why this service cannot have one, as the end of a sentence that begins with the service. */
export function canaryProblem({ metadata, spec }: InferenceService): string | undefined {
  const { minReplicas, maxReplicas } = spec?.predictor ?? {};
  if (metadata.annotations?.['serving.kserve.io/deploymentMode'] !== standard) {
    return `has no annotation serving.kserve.io/deploymentMode: ${standard}, without which KServe takes no canary`;
  }
  if (keepsReplicas(minReplicas) && maxReplicas !== undefined && maxReplicas > 0 && maxReplicas <= minReplicas) {
    return `has no room for a canary beside its ${minReplicas} replicas: spec.predictor.maxReplicas is ${maxReplicas}`;
  }
  return undefined;
}
