/** How a put-back ends, said as what the service holds: nobody may take a service for whole that is not. */
import { runs, type Handover } from './handover.ts';
import type { Running, ServiceFields } from '../serving/adapter.ts';
import { differing, isRestored, sameModel } from '../serving/fields.ts';
import { isTaken } from './way-back.ts';

export interface Outcome {
  readonly reason: 'PutBack' | 'RolloutFailed' | 'ServingConflict' | 'ServiceNotFound';
  readonly message: string;
}

export const gone: Outcome = { reason: 'ServiceNotFound', message: 'The service was deleted meanwhile, so there is nothing to put back.' };

export const untouched: Outcome = { reason: 'PutBack', message: 'The service was not touched.' };

/** Undefined while pods are on their way. A canary's pods hold GPUs as long as they are there. */
export function outcomeOf(handover: Handover): Outcome | undefined {
  const { service, final, back, previousParallel } = handover;
  if (service.canary !== undefined || service.fields.canary !== undefined || !isRestored(back, final, service.fields)) return undefined;
  if (isTaken(handover)) return taken(handover);
  return runs(atRest(service.running), back, previousParallel) ? putBack(handover) : undefined;
}

/** Of a service that was scaled to no replica there are no pods to wait for. */
function atRest(running: Running): Running {
  return { ...running, settled: running.settled || running.stopped === true };
}

function putBack({ service, previous }: Handover): Outcome {
  const kept = differing(service.fields, previous);
  const message = kept.length === 0
    ? 'The service was put back and runs as before.'
    : `The service runs its previous model on its GPUs again; its ${kept.join(' and ')} was changed by somebody else meanwhile, and only model and tensor-parallel size in it were put back.`;
  return { reason: 'PutBack', message };
}

function taken({ service: { fields } }: Handover): Outcome {
  const message = `Somebody else gave the service another model meanwhile, so it is left alone: it holds ${described(fields)}. status.serving.previous holds the fields that it had before.`;
  return { reason: 'ServingConflict', message };
}

/** The PruneJob may be deleted with its status, so the sentence says what there is to do by hand; arguments may hold secrets. */
export function notInTime(handover: Handover): Outcome {
  const { service, back, target, previousParallel } = handover;
  const replacing = waitsForItsOwn(handover) ? " Then change the way its pods are replaced, which is still the rollout's: by its own the old model could wait for GPUs that the new pods hold." : '';
  const message = isRestored(back, target, service.fields)
    ? "The service's previous fields were written back, but its pods did not come up with them in time; look at its pods."
    : `The service's previous fields could not be written back in time, and the last try may have failed too; the events of the PruneJob say why. See that the service has ${described(back, previousParallel)}, and the other fields of status.serving.previous.${replacing}`;
  return { reason: 'RolloutFailed', message };
}

/**
 * Given its own way of replacing pods together with its model, a service without a spare GPU would wait for ever: for an old pod to come
 * before a new one goes.
 */
export function waitsForItsOwn({ serving, service, back }: Handover): boolean {
  return serving.strategy === 'Recreate' && !sameModel(service.fields, back);
}

function described({ modelUri, gpuLimit, tensorParallel }: ServiceFields, parallel = tensorParallel): string {
  return `model ${modelUri} on ${gpuLimit ?? 0} GPUs${parallel === undefined ? '' : ` with tensor-parallel size ${parallel}`}`;
}
