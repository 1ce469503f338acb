/**
 * The service: whole after every write of the operator, on the pruned model only when that is published and verified, and never with
 * fewer GPUs before that.
 */
import { denseUri } from '../../../src/prunejob/testing/builders.ts';
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { fieldManager } from '../../../src/api/names.ts';
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import { placeOf } from '../actors/bucket.ts';
import type { Context, Rule } from './invariant.ts';
import { holds, isOf, isOperator, modelsFor, named, ofModel, pruneJobs, receiptOf, serviceOf, shapeOf, type Service } from './questions.ts';

export const service: Rule = (context) => ({
  committed: (commit) => {
    if (isOf(commit, inferenceServiceType) && isOperator(commit.by) && commit.after !== undefined) written(context, commit.after);
  },
  rested: () => {
    for (const pruneJob of pruneJobs(context)) rested(context, pruneJob);
  },
});

function written(context: Context, after: Service): void {
  const shape = shapeOf(after);
  if (shape === ofModel(denseUri, 4)) return;
  const owner = named(context, receiptOf(after));
  if (owner === undefined || ofModel(placeOf(owner).uri, 2) !== shape) context.violated('the service is whole', `The operator made it ${shape}.`);
  else if (!context.bucket.isPublished(placeOf(owner).uri)) context.violated('only published models are served', `The operator made the service ${shape}, which is not published.`);
  else if (!holds(owner, 'Published')) context.violated('only verified models are served', `The operator made the service ${shape} before PruneJob ${owner.metadata.name} was Published.`);
}

function rested(context: Context, pruneJob: PruneJob): void {
  const live = serviceOf(context, pruneJob);
  if (live === undefined) return;
  const shape = shapeOf(live);
  const { name } = live.metadata;
  if (![ofModel(denseUri, 4), ...modelsFor(context, name).map((uri) => ofModel(uri, 2))].includes(shape)) context.violated('the service is whole', `At rest ${name} is ${shape}.`);
  if (live.spec?.predictor?.deploymentStrategy !== undefined) context.violated('the service is whole', `At rest ${name} still has the rollout's way of replacing pods.`);
  if (isOver(pruneJob) && ownsFields(live)) context.violated('the service is let go', `At rest the operator still owns fields of ${name}, which it moved or put back.`);
}

function isOver(pruneJob: PruneJob): boolean {
  return holds(pruneJob, 'RolledBack') || holds(pruneJob, 'Complete');
}

function ownsFields({ metadata }: Service): boolean {
  return (metadata.managedFields ?? []).some(({ manager, operation }) => manager === fieldManager && operation === 'Apply');
}
