/** Nothing is left to do. */
import { holds, type Run } from '../run.ts';
import type { Step } from '../step.ts';

export function finish(run: Run): Step | undefined {
  if (run.spec.planOnly === true && holds(run, 'Planned')) return complete('PlanOnly', `Only a plan was asked for: ${run.status.plan?.gpus ?? ''} GPUs.`);
  if (!holds(run, 'Published')) return undefined;
  if (run.spec.serving === undefined) return complete('Finished', `The pruned model is published at ${run.status.result?.uri ?? ''}.`);
  return holds(run, 'Served') ? complete('Finished', served(run)) : undefined;
}

function served({ status: { plan, result } }: Run): string {
  return `The service runs ${result?.uri ?? ''} on ${plan?.gpusAfter ?? 0} GPUs instead of ${plan?.gpusBefore ?? 0}.`;
}

function complete(reason: 'PlanOnly' | 'Finished', message: string): Step {
  return { phase: 'Complete', conditions: [{ type: 'Complete', status: 'True', reason, message }] };
}
