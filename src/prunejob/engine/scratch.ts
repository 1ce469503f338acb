/**
 * The disk on which a run keeps its place: one claim for every attempt, from the first prune Job until the PruneJob is over.
 *
 * A pod's own volume would go with the pod, and what a killed engine had finished with it. Without a class there is no claim: the engine
 * then keeps its checkpoint beside the output.
 */
import { apiVersion, kind, ownLabels, scratchName } from '../../api/names.ts';
import type { PruneJob, RunnerSpec } from '../../api/v1alpha1/prunejob.ts';
import type { Action } from '../decision.ts';
import type { KubeObject } from '../kube.ts';
import type { Run } from '../run.ts';

export function hasClaim({ scratch }: RunnerSpec): boolean {
  return scratch?.storageClassName !== undefined;
}

/** Also in the middle of a run: somebody may have deleted it, and a pod that refers to nothing waits for ever. */
export function ensureScratch({ observed }: Run): Action[] {
  const { pruneJob, scratch } = observed;
  return hasClaim(pruneJob.spec.runner) && scratch === undefined ? [{ kind: 'CreateClaim', manifest: scratchClaim(pruneJob) }] : [];
}

/** No pod may start on a claim that is going, and none of its name can be made before it is gone. */
export function scratchIsGoing({ observed }: Run): boolean {
  return observed.scratch?.metadata.deletionTimestamp !== undefined;
}

export function dropScratch(run: Run): Action[] {
  const { scratch } = run.observed;
  if (scratch === undefined || scratchIsGoing(run)) return [];
  return [{ kind: 'DeleteClaim', name: scratch.metadata.name, uid: scratch.metadata.uid ?? '' }];
}

/** ReadWriteOnce, which every provisioner has: one pod runs at a time, and the scheduler takes the next one where the volume can be. */
function scratchClaim({ metadata, spec }: PruneJob): KubeObject {
  const { name, namespace, uid } = metadata;
  const { size = '', storageClassName } = spec.runner.scratch ?? {};
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: scratchName(name), namespace, labels: ownLabels(metadata), ownerReferences: [{ apiVersion, kind, name, uid, controller: true }] },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage: `${size}` } } },
  };
}
