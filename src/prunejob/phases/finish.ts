/** Nothing is left to do. A run ends in the same decision that publishes its model, or in verify.ts that finds it served: this is for those between. */
import type { ConditionUpdate } from '../../api/conditions.ts';
import type { PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import { currentService } from '../handover/handover.ts';
import type { ServiceState } from '../observed.ts';
import { holds, type Run } from '../run.ts';
import type { Step } from '../step.ts';

export function finish(run: Run): Step | undefined {
  if (run.spec.planOnly === true && holds(run, 'Planned')) return end(complete('PlanOnly', `Only a plan was asked for: ${run.status.plan?.gpus ?? ''} GPUs.`));
  if (run.spec.serving !== undefined || !holds(run, 'Published')) return undefined;
  return finished(run.status.result?.uri ?? '');
}

export function finished(uri: string): Pick<Step, 'phase' | 'conditions'> {
  return end(complete('Finished', `The pruned model is published at ${uri}.`));
}

function end(condition: ConditionUpdate): Pick<Step, 'phase' | 'conditions'> {
  return { phase: 'Complete', conditions: [condition] };
}

/** Counted from what runs: an autoscaler may have changed the replicas since the plan. */
export function servedMessage(run: Run): string {
  const { plan, result } = run.status;
  const { gpus, replicas } = held(run.observed.service);
  const before = gpusBefore(run.status);
  const runs = `The service runs ${result?.uri ?? ''} on ${gpus} GPUs`;
  if (gpus < before) return `${runs} instead of ${before}: ${(before - gpus) * 24} GPU-hours a day saved.`;
  return `${runs}, and had ${before} before: no GPU was freed. It has ${replicas} replica(s) now, and had ${plan?.replicas ?? 1} when it was planned.`;
}

function held(service: ServiceState): { readonly gpus: number; readonly replicas: number } {
  const { gpus = 0, replicas = 0 } = typeof service === 'string' ? {} : currentService(service);
  return { gpus, replicas };
}

/** Of a service that had moved already the plan alone knows what it held before. */
function gpusBefore({ plan, result, serving }: PruneJobStatus): number {
  const { uri, gpus } = serving?.previous ?? {};
  return (uri === result?.uri ? plan?.gpusBefore : gpus) ?? 0;
}

export function complete(reason: 'PlanOnly' | 'Finished' | 'Emitted', message: string): ConditionUpdate {
  return { type: 'Complete', status: 'True', reason, message };
}
