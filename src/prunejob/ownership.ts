/** A GitOps controller would put the fields back within seconds, so a service that it owns is refused rather than fought over. */
import { annotations } from '../api/names.ts';
import type { Failure } from './failure.ts';
import type { Run } from './run.ts';
import type { ServiceObserved } from './serving/adapter.ts';

export function fieldsOwnedByGit({ spec }: Run, { gitOwners, gitIgnoresFields }: ServiceObserved): Failure | undefined {
  const owner = gitOwners[0];
  if (owner === undefined || gitIgnoresFields) return undefined;
  return {
    reason: 'FieldsOwnedByGit',
    message:
      `${spec.serving?.ref.kind ?? ''} ${spec.serving?.ref.name ?? ''} has its fields ${owner.fields.join(', ')} from Git (field manager ${owner.manager}), which would revert the rollout. ` +
      `Leave these fields out of Git, use serving.mode: Emit, or, if its Application ignores them, annotate the service with ${annotations.gitIgnoresFields}: "true".`,
  };
}
