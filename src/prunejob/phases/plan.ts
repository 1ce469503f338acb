/** The GPU plan: made once from the facts, the service as it runs and the nodes, and refused before a GPU is spent. */
import type { ConditionUpdate } from '../../api/conditions.ts';
import type { PruneJobStatus, ServingSpec } from '../../api/v1alpha1/prunejob.ts';
import type { Failure } from '../failure/failure.ts';
import { planGPUs } from '../gpu/plan.ts';
import type { Asked, Plan, PlanRefusal, ServiceSize } from '../gpu/plan-types.ts';
import { messageOf, type Facts } from '../engine/messages.ts';
import { plannedService } from '../handover/not-as-planned.ts';
import { outputRefused } from '../handover/output-refused.ts';
import { fieldsOwnedByGit, notOffered } from '../handover/ownership.ts';
import { holds, latestChild, type Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';
import { secretArguments } from '../handover/secret-arguments.ts';
import { allocatableGPUs, servingNodes, sizingFor } from '../gpu/sizing.ts';
import { publishedUri } from '../engine/storage-paths.ts';
import { fail, type Step } from '../step.ts';
import { strategyRefused } from '../handover/strategy-refused.ts';
import { publish } from './publish.ts';

export function plan(run: Run): Step | undefined {
  if (holds(run, 'Planned')) return undefined;
  const { service } = run.observed;
  if (run.spec.serving === undefined || typeof service === 'string') return undefined;
  const problem = problemOf(run, service);
  if (problem !== undefined) return fail(run, problem, 'Planned');
  const inspected = latestChild(run, 'inspect');
  const facts = inspected === undefined ? undefined : messageOf(inspected);
  return facts?.kind === 'Facts' ? planFor(run, run.spec.serving, service, facts) : undefined;
}

function problemOf(run: Run, service: ServiceObserved): Failure | undefined {
  return notOffered(run, service) ?? strategyRefused(run, service) ?? outputRefused(run, service) ?? fieldsOwnedByGit(run, service) ?? secretArguments(run, service);
}

function planFor(run: Run, serving: ServingSpec, service: ServiceObserved, facts: Facts): Step {
  const outcome = calculate(run, serving, service, facts);
  if ('refused' in outcome) return fail(run, { reason: outcome.refused, message: outcome.message }, 'Planned');
  const { ratio, targetGPUs } = { ratio: run.spec.pruning.experts.ratio, targetGPUs: run.spec.pruning.targetGPUs };
  // Without a ratio the engine could not know the run yet: the key it inspected is not the key it will prune under.
  const knowsRun = ratio !== undefined || targetGPUs === undefined;
  const plan = { ...planStatus(outcome), ...plannedService(service) };
  const step = planned(plan.reason, { plan, ...(knowsRun ? { runKey: facts.runKey } : {}) });
  return knowsRun && facts.existing !== null && run.spec.planOnly !== true ? skipPruning(run, step, facts) : step;
}

function calculate(run: Run, serving: ServingSpec, service: ServiceObserved, facts: Facts): Plan | PlanRefusal {
  const known = run.observed.nodes !== 'NotRead';
  const nodes = known ? servingNodes(service, run.observed.nodes) : [];
  const sizing = sizingFor(serving.sizing, service, facts, nodes);
  if (sizing === undefined) return { refused: 'GPUsUnavailable', message: 'No node says how much memory its GPUs have. Set serving.sizing.gpuMemory, or label the nodes with nvidia.com/gpu.memory (MiB).' };
  // What Git delivers moves the service's own way, which is a new pod first unless its owner says otherwise; the owner sees to its room.
  const emits = serving.mode === 'Emit';
  const room = known && !emits ? allocatableGPUs(service, nodes) : Infinity;
  return planGPUs({ facts, sizing, strategy: emits ? 'Surge' : serving.strategy, service: sizeOf(service, facts), asked: asked(run, serving), allocatableGPUs: room });
}

/** A service that runs this very result already is planned as it was before, so that a PruneJob applied again ends well again. */
function sizeOf({ replicas, fields, receipt }: ServiceObserved, { existing }: Facts): ServiceSize {
  const moved = existing !== null && receipt?.runKey === existing.runKey && fields.modelUri === publishedUri(existing.uri);
  return { replicas, gpusPerReplica: moved ? receipt.gpusBefore / replicas : (fields.gpuLimit ?? 0) };
}

function asked({ spec: { pruning } }: Run, { requireSaving }: ServingSpec): Asked {
  const { ratio, multipleOf } = pruning.experts;
  return {
    requireSaving,
    multipleOf,
    ...(ratio === undefined ? {} : { ratio }),
    ...(pruning.targetGPUs === undefined ? {} : { targetGPUs: pruning.targetGPUs }),
  };
}

/** Said with the first Job of a run without a service: a turn of its own would be a write that tells nobody anything. */
export function unplanned(run: Run): ConditionUpdate[] {
  return holds(run, 'Planned') ? [] : [{ type: 'Planned', status: 'True', reason: 'Planned', message: 'No service is asked for, so there are no GPUs to plan.' }];
}

function planned(message: string, set: Partial<PruneJobStatus>): Step {
  return { phase: 'Planned', conditions: [{ type: 'Planned', status: 'True', reason: 'Planned', message }], set };
}

function planStatus({ warnings, ...plan }: Plan): NonNullable<PruneJobStatus['plan']> & { reason: string } {
  return { ...plan, gpus: `${plan.gpusBefore}→${plan.gpusAfter}`, reason: [plan.reason, ...warnings].join(' ') };
}

/** The result is published already: no GPU is needed to make it again. */
function skipPruning(run: Run, step: Step, { existing }: Facts): Step {
  if (existing === null) return step;
  const after = publish({ ...run, status: { ...run.status, ...step.set } }, existing);
  return { ...after, conditions: [...(step.conditions ?? []), ...(after.conditions ?? [])], set: { ...step.set, ...after.set } };
}
