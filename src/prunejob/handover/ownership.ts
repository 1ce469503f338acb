/**
 * Whose service it is: one that a GitOps controller owns is refused rather than fought over, for it would put the fields back within
 * seconds; and in a restricted installation so is one that its owner does not offer.
 */
import { annotations, labels } from '../../api/names.ts';
import type { Failure } from '../failure/failure.ts';
import type { Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';

export function fieldsOwnedByGit({ spec }: Run, { gitOwners, gitIgnoresFields }: ServiceObserved): Failure | undefined {
  const owner = gitOwners[0];
  if (owner === undefined || gitIgnoresFields || spec.serving?.mode === 'Emit') return undefined;
  return {
    reason: 'FieldsOwnedByGit',
    message:
      `${spec.serving?.ref.kind ?? ''} ${spec.serving?.ref.name ?? ''} has its fields ${owner.fields.join(', ')} from Git (field manager ${owner.manager}), which would revert the rollout. ` +
      `Leave these fields out of Git, use serving.mode: Emit, or, if its Application ignores them, annotate the service with ${annotations.gitIgnoresFields}: "true".`,
  };
}

/** Emit writes nothing to the service, so it needs no leave. */
export function notOffered({ spec: { serving }, observed }: Run, { allowsPrune }: ServiceObserved): Failure | undefined {
  if (serving === undefined || serving.mode === 'Emit' || allowsPrune || !observed.policy.requireServiceLabel) return undefined;
  const { kind, name } = serving.ref;
  const { namespace } = observed.pruneJob.metadata;
  const command = `kubectl --namespace ${namespace} label ${kind.toLowerCase()} ${name} ${labels.allowPrune}=true`;
  return { reason: 'ServiceNotAllowed', message: `${kind} ${name} is not offered to PruneJobs, which this installation asks for. Offer it with: ${command}; then create another PruneJob.` };
}
