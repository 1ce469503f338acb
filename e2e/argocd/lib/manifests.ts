/** What lies in the repository beside the Applications. */
import { merge, samplePruneJob, type Overlay, type PruneJob } from '../../lib/prunejob.ts';
import { inferenceService, type InferenceService } from '../../lib/service.ts';
import { model, output, service } from './place.ts';

/** The documentation's places for them. */
export const serviceFile = `models/${service}/service.yaml`;
export const pruneJobFile = (name: string): string => `prunejobs/${name}.yaml`;

const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: service };

/** One that moves the service, whose pruned model is published already; `serving: undefined` makes one that moves nothing. */
export function pruneJob(name: string, overlay: Overlay = {}): Promise<PruneJob> {
  return samplePruneJob(name, { model: { uri: model }, output: { uri: output }, serving: { ref, soak: '3s' } }, overlay);
}

/** With model, arguments and GPUs. */
export async function wholeService(overlay: Overlay = {}): Promise<InferenceService> {
  return merge((await inferenceService(service, { uri: model, gpus: 4 })) as unknown as Overlay, overlay) as unknown as InferenceService;
}
