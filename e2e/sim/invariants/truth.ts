/** The status tells the truth: published is what this PruneJob's own engine reported, and a failure has a cause in the world. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { denseUri } from '../../../src/prunejob/testing/builders.ts';
import { isTrue } from '../../../src/prunejob/kube.ts';
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import { jobType, pruneJobType } from '../../../src/shell/resources.ts';
import { placeOf } from '../actors/bucket.ts';
import { lifeStageOf, isOver } from '../stages.ts';
import type { Commit } from '../api-server/storage.ts';
import { History } from './causes.ts';
import type { Context, Rule } from './invariant.ts';
import { conditionOf, holds, isOf, modelsFor, ofModel, pruneJobs, serviceOf, shapeOf } from './questions.ts';

export const truth: Rule = (context) => {
  const history = new History();
  return {
    committed: (commit) => {
      if (isOf(commit, jobType) && commit.after !== undefined) history.noteJob(commit.after);
      if (isOf(commit, inferenceServiceType) && commit.by.manager === 'platform-editor') history.noteEdit(commit.key);
      if (isOf(commit, pruneJobType) && commit.after !== undefined) told(context, commit, history);
    },
    rested: () => {
      for (const pruneJob of pruneJobs(context)) if (holds(pruneJob, 'Complete')) mustBeServed(context, pruneJob, history.isAnyEdited || !history.wasLast(pruneJob));
      for (const pruneJob of pruneJobs(context)) if (holds(pruneJob, 'Complete')) mustAnswer(context, pruneJob);
      for (const pruneJob of pruneJobs(context)) agreesWithItself(context, pruneJob);
    },
  };
};

function told(context: Context, commit: Commit, history: History): void {
  const [before, after] = [commit.before as PruneJob | undefined, commit.after as PruneJob];
  const { name, uid } = after.metadata;
  history.noteServed(before, after);
  if (holds(after, 'Published') && !context.engine.reported.has(uid)) context.violated('the status is the PruneJob\'s own', `PruneJob ${name} (${uid}) says Published, but no engine of its own reported that.`);
  if (isOver(after) && (before === undefined || !isOver(before))) ended(context, after, history);
}

function ended(context: Context, pruneJob: PruneJob, history: History): void {
  const reason = conditionOf(pruneJob, 'Failed')?.reason;
  if (!holds(pruneJob, 'Failed') || reason === undefined) return;
  const causes = history.causesOf(context, pruneJob);
  if (!causes.includes(reason)) context.violated('a failure has a cause', `PruneJob ${pruneJob.metadata.name} failed with ${reason}, but what happened to it is ${causes.join(', ') || 'nothing'}.`);
}

function mustBeServed(context: Context, pruneJob: PruneJob, changed: boolean): void {
  const live = serviceOf(context, pruneJob);
  if (pruneJob.spec.planOnly === true) return;
  if (!context.bucket.isPublished(placeOf(pruneJob).uri)) context.violated('the status agrees with the world', `PruneJob ${pruneJob.metadata.name} is Complete and nothing is published.`);
  // Whoever changes a service afterwards is left alone.
  if (live === undefined || changed || shapeOf(live) === ofModel(...shapeAfter(pruneJob))) return;
  context.violated('the status agrees with the world', `PruneJob ${pruneJob.metadata.name} is Complete and its service is ${shapeOf(live)}.`);
}

/** Also where the way back took too long, by a clock that jumped: the fields are back. */
function shapeAfter(pruneJob: PruneJob): readonly [uri: string, gpus: number] {
  const { phase, serving: { previous } = {} } = pruneJob.status ?? {};
  return phase === 'RolledBack' ? [previous?.uri ?? '', previous?.gpus ?? 0] : [placeOf(pruneJob).uri, 2];
}

/** As the model before it did. */
function mustAnswer({ scenario, violated }: Context, { metadata, status }: PruneJob): void {
  if (scenario.prunedModel !== 'Mute' || status?.serving?.previous?.answered !== true) return;
  violated('only a model that answers is served', `PruneJob ${metadata.name} is Complete, and its model answers nobody.`);
}

function agreesWithItself(context: Context, pruneJob: PruneJob): void {
  const stage = lifeStageOf(pruneJob);
  const live = serviceOf(context, pruneJob);
  if (stage === 'Suspended' && live !== undefined && !holds(pruneJob, 'Published') && shapeOf(live) !== ofModel(denseUri, 4) && !modelsFor(context, live.metadata.name).some((uri) => shapeOf(live) === ofModel(uri, 2))) {
    context.violated('the status agrees with the world', `PruneJob ${pruneJob.metadata.name} is suspended and its service is ${shapeOf(live)}.`);
  }
  if (isTrue(pruneJob.status?.conditions, 'Complete') && isTrue(pruneJob.status?.conditions, 'Failed')) context.violated('the status agrees with itself', `PruneJob ${pruneJob.metadata.name} is both Complete and Failed.`);
}
