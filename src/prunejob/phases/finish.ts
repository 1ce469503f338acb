/** Nothing is left to do. A run ends in the same decision that publishes its model, or in verify.ts that finds it served: this is for those between. */
import type { ConditionUpdate } from '../../api/conditions.ts';
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

export function servedMessage({ status: { plan, result } }: Run): string {
  const { gpusBefore = 0, gpusAfter = 0 } = plan ?? {};
  return `The service runs ${result?.uri ?? ''} on ${gpusAfter} GPUs instead of ${gpusBefore}: ${(gpusBefore - gpusAfter) * 24} GPU-hours a day saved.`;
}

export function complete(reason: 'PlanOnly' | 'Finished' | 'Emitted', message: string): ConditionUpdate {
  return { type: 'Complete', status: 'True', reason, message };
}
