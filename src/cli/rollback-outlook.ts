/** What a rollback of this run would do, in the words that are confirmed; or why it can do nothing. */
import type { PruneJob, ServingSpec } from '../api/v1alpha1/prunejob.ts';
import { countText } from '../prunejob/units.ts';
import { conditionOf, holds } from './milestones.ts';

export type Outlook = { readonly says: string } | { readonly refused: string };

export function rollbackOutlook(job: PruneJob): Outlook {
  const { serving } = job.spec;
  const { name } = job.metadata;
  if (serving === undefined) return { refused: `PruneJob ${name} moves no service, so there is nothing to roll back. Its published model stays where it is.` };
  if (serving.rollbackRequested === true) return { refused: `The rollback of ${name} was asked for already. To see how it goes: kubectl prune watch ${name} -n ${job.metadata.namespace}` };
  const failed = conditionOf(job, 'Failed');
  if (failed?.status === 'True') return { refused: `${name} Failed, so there is nothing to roll back: ${failed.message}` };
  if (holds(job, 'Complete')) return afterComplete(job, serving);
  if (hasBegun(job)) return { says: `${goesBack(job, serving)} The rollout ends, and ${name} ends as Failed (RolledBack).` };
  return { says: `The rollout of ${serviceOf(serving)} has not begun: the service is not touched. ${name} goes on until its model is published, and then ends as Failed (RolledBack) without a rollout.` };
}

/** Of a plan alone, and of a service that went back already, nothing is left to undo. */
function afterComplete(job: PruneJob, serving: ServingSpec): Outlook {
  if (!hasBegun(job)) return { refused: `${job.metadata.name} is Complete and never moved ${serviceOf(serving)}, so there is nothing to roll back.` };
  return { says: `${goesBack(job, serving)} ${job.metadata.name} stays Complete, and its published model stays where it is.` };
}

function hasBegun({ status }: PruneJob): boolean {
  return status?.serving?.rollout?.startedAt !== undefined;
}

function goesBack({ status }: PruneJob, serving: ServingSpec): string {
  const { previous, rollout } = status?.serving ?? {};
  const gpus = previous?.gpus === undefined ? '' : ` on ${countText(previous.gpus, 'GPU')}`;
  return `${serviceOf(serving)} goes back to ${previous?.uri ?? 'its previous model'}${gpus}, by ${rollout?.strategy ?? serving.strategy}.`;
}

function serviceOf({ ref }: ServingSpec): string {
  return `${ref.kind} ${ref.name}`;
}
