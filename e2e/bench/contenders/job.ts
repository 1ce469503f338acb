/** The Job that every contender makes, as our operator makes it, so that the cluster has the same work with all of them. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { engineJob } from '../../../src/prunejob/engine/job.ts';
import { namespace } from '../control-plane.ts';

/** Prune-only, without scratch and quality gate: the least that a PruneJob can ask for. */
export const pruneJobSpec = {
  model: { uri: 's3://models/tiny-moe/' },
  pruning: { experts: { ratio: 0.25 }, weights: { method: 'None' } },
  output: { uri: 's3://models/pruned/' },
};

const runnerDefaults = { gpus: 1, device: 'cuda', activeDeadline: '6h', backoffLimit: 3 };

export function job(name: string): { readonly spec: object; readonly metadata: object } {
  const pruneJob = { metadata: { name, namespace, uid: name }, spec: { ...pruneJobSpec, runner: runnerDefaults } } as unknown as PruneJob;
  const { metadata, ...rest } = engineJob({
    pruneJob, stage: 'prune', attempt: 1, engine: { image: 'stun-engine:0.1.0', serviceAccountName: 'default' }, serviceAccount: { name: 'default', secretNames: [] },
  });
  return { ...rest, spec: (rest as { readonly spec?: object }).spec ?? {}, metadata: { name, namespace, labels: metadata.labels } };
}
