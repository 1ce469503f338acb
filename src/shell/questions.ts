/** What no cache holds and a rollout must know: asked of the pods and of the API server, and only when the domain wants it. */
import type { PruneJob } from '../api/v1alpha1/prunejob.ts';
import { heardBefore, wantsAnswers } from '../prunejob/handover/answers.ts';
import { wantsFreeGPUs } from '../prunejob/handover/free-gpus.ts';
import type { Observed, ServiceState } from '../prunejob/observed.ts';
import { keyOf } from '../runtime/keys.ts';
import type { Completions } from './completions.ts';
import type { GPURequests } from './gpu-requests.ts';

export interface Questions {
  readonly completions: Pick<Completions, 'answersOf'>;
  readonly gpuRequests: Pick<GPURequests, 'byNode'>;
}

type Answers = Pick<Observed, 'answers' | 'gpuRequests'>;

export async function asked({ completions, gpuRequests }: Questions, pruneJob: PruneJob, service: ServiceState): Promise<Answers> {
  if (typeof service === 'string' || !wantsAnswers(pruneJob)) return {};
  const { running, canary } = service;
  const answers = completions.answersOf(keyOf(pruneJob), [...(running.endpoints ?? []), ...(canary?.endpoints ?? [])]);
  // As long as the service is being asked nothing is written, so nothing is counted.
  const counts = wantsFreeGPUs(pruneJob) && heardBefore(answers, running) !== undefined;
  return { answers, ...(counts ? { gpuRequests: await gpuRequests.byNode() } : {}) };
}
