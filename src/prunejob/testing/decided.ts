/** One decision about one observation, and questions to it. */
import type { Condition, PruneJobSpec, PruneJobStatus } from '../../api/v1alpha1/prunejob.ts';
import { compact } from '../compact.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../decision.ts';
import type { Observed } from '../observed.ts';
import { now, observed, pruneJob, runKey, secondsBefore } from './builders.ts';

const plan = { gpus: '4→2', gpusBefore: 4, gpusAfter: 2, gpusPeak: 6, bytesBefore: 10_520_832, bytesAfter: 8_153_344, tensorParallel: 2, ratio: 0.25, expertsBefore: 32, expertsAfter: 24, reason: '' };

/** The status of a run that may prune. */
export const planned: PruneJobStatus = {
  runKey,
  plan,
  conditions: [{ type: 'Planned', status: 'True', reason: 'Planned', message: '', lastTransitionTime: secondsBefore(60) }],
};

export interface Given extends Partial<Observed> {
  readonly status?: PruneJobStatus;
  readonly spec?: Partial<PruneJobSpec>;
}

export function decided({ status, spec, ...rest }: Given = {}): Decision {
  return decide(observed({ pruneJob: pruneJob(compact({ status, spec })), ...rest }), now);
}

export function condition({ status }: Decision, type: string): Condition | undefined {
  return status.conditions?.find((candidate) => candidate.type === type);
}
