/**
 * A service that is not what a plan is about: it holds no GPU, or it was changed while the model was pruned.
 *
 * How many replicas it has is its autoscaler's business: only the model and the size of a replica were planned for.
 */
import type { PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import type { Failure } from '../failure/failure.ts';
import type { Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';

type Plan = NonNullable<PruneJobStatus['plan']>;

export function scaledToZero({ spec: { serving } }: Run, { replicas }: ServiceObserved): Failure | undefined {
  if (serving === undefined || replicas > 0) return undefined;
  return { reason: 'UnsupportedService', message: `${serving.ref.kind} ${serving.ref.name} is scaled to 0 replicas, so it holds no GPU and nothing could show that the pruned model serves. Scale it up, with at least 1 replica, and apply a new PruneJob.` };
}

/** What a plan remembers of the service, to know it again. */
export function plannedService({ fields, replicas }: ServiceObserved): Pick<Plan, 'modelUri' | 'gpusPerReplica' | 'replicas'> {
  return { modelUri: fields.modelUri, gpusPerReplica: fields.gpuLimit ?? 0, replicas };
}

export function changedSincePlan({ status }: Run, { fields }: ServiceObserved): Failure | undefined {
  if (fields.modelUri === '') return changed('it names no model any more');
  const moved = fields.modelUri === status.result?.uri;
  return moved || status.plan === undefined ? undefined : differing(status.plan, fields.modelUri, fields.gpuLimit ?? 0);
}

/** A plan of an earlier release does not say. */
function differing(plan: Plan, modelUri: string, gpus: number): Failure | undefined {
  const planned = { modelUri: plan.modelUri ?? modelUri, gpus: plan.gpusPerReplica ?? gpus };
  if (planned.modelUri !== modelUri) return changed(`its model is ${modelUri}, not ${planned.modelUri}`);
  return planned.gpus === gpus ? undefined : changed(`a replica has ${gpus} GPUs, not ${planned.gpus}`);
}

function changed(what: string): Failure {
  return { reason: 'ServiceChanged', message: `The service was changed since it was planned (${what}): it was not touched. Apply a new PruneJob for the service as it is now.` };
}
