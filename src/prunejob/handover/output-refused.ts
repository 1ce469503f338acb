/** A service that cannot load what the run would publish: known before a GPU is spent. */
import type { Failure } from '../failure/failure.ts';
import type { Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';

export function outputRefused({ spec: { serving, output } }: Run, { claimProblem }: ServiceObserved): Failure | undefined {
  if (serving === undefined || claimProblem === undefined || !output.uri.startsWith('pvc://')) return undefined;
  const { kind, name } = serving.ref;
  return { reason: 'UnsupportedService', message: `${kind} ${name} ${claimProblem}. Write an s3:// URI into output.uri of a new PruneJob.` };
}
