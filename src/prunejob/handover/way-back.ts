/**
 * The fields that a put-back leaves, where somebody else has changed some of them since.
 *
 * The model, its arguments and its GPUs are one thing: put back field by field, the dense model would get the pruned one's size.
 * So arguments of somebody else's get the previous model and size inside them, and a model of somebody else's keeps all of its own.
 */
import { compact } from '../compact.ts';
import type { ServiceFields, ServiceObserved, ServingAdapter } from '../serving/adapter.ts';
import { foreignKeys, modelFields } from '../serving/fields.ts';

export interface Change {
  readonly adapter: ServingAdapter;
  readonly service: ServiceObserved;
  readonly previous: ServiceFields;
  /** As saved; absent where the arguments did not say it. */
  readonly previousParallel?: number;
  readonly target: ServiceFields;
}

export function wayBack(change: Change): ServiceFields {
  const { service, previous, target } = change;
  if (isTaken(change)) return compact<ServiceFields>({ ...previous, ...modelFields(service.fields) });
  const foreign = foreignKeys(previous, target, service.fields);
  return foreign.includes('args') || foreign.includes('command') ? rewritten(change) : previous;
}

/** Somebody else gave the service a third model. */
export function isTaken({ service, previous, target }: Change): boolean {
  return foreignKeys(previous, target, service.fields).includes('modelUri');
}

/** One is vLLM's own size, where none was said. */
function rewritten({ adapter, service, previous, previousParallel = 1 }: Change): ServiceFields {
  const before = { modelUri: previous.modelUri, tensorParallel: previousParallel, gpusPerReplica: previous.gpuLimit ?? 0 };
  const { command, args } = adapter.targetFields(service.fields, { ...before, strategy: 'Surge', deadlineSeconds: 0 });
  return compact({ ...previous, command, args });
}
