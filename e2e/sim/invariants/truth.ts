/** The status tells the truth: published is what this PruneJob's own engine reported, and a failure has a cause in the world. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { denseUri } from '../../../src/prunejob/testing/builders.ts';
import { isTrue } from '../../../src/prunejob/kube.ts';
import { inferenceServiceType } from '../../../src/prunejob/serving/kserve-types.ts';
import { jobType, podType, pruneJobType } from '../../../src/shell/resources.ts';
import { pruneJobUid, type LiveJob, type LivePod } from '../../../src/shell/stores.ts';
import { placeOf } from '../actors/bucket.ts';
import { hasEnded } from '../actors/job-controller.ts';
import { lifeStageOf, isOver } from '../stages.ts';
import type { Commit } from '../api-server/storage.ts';
import type { Context, Rule } from './invariant.ts';
import { conditionOf, holds, isOf, ofModel, pruneJobs, serviceOf, shapeOf } from './questions.ts';

/** Reasons of failed Jobs, by PruneJob uid. */
type Failures = Map<string, Set<string>>;

export const truth: Rule = (context) => {
  const jobFailures = new Map<string, Set<string>>();
  const edited = new Set<string>();
  return {
    committed: (commit) => {
      if (isOf(commit, jobType) && commit.after !== undefined) noteFailure(jobFailures, commit.after);
      if (isOf(commit, inferenceServiceType) && commit.by.manager === 'platform-editor') edited.add(commit.key);
      if (isOf(commit, pruneJobType) && commit.after !== undefined) told(context, commit, jobFailures);
    },
    rested: () => {
      for (const pruneJob of pruneJobs(context)) if (holds(pruneJob, 'Complete')) mustBeServed(context, pruneJob, edited.size > 0);
      for (const pruneJob of pruneJobs(context)) if (holds(pruneJob, 'Complete')) mustAnswer(context, pruneJob);
      for (const pruneJob of pruneJobs(context)) agreesWithItself(context, pruneJob);
    },
  };
};

function told(context: Context, commit: Commit, jobFailures: Failures): void {
  const [before, after] = [commit.before as PruneJob | undefined, commit.after as PruneJob];
  const { name, uid } = after.metadata;
  if (holds(after, 'Published') && !context.engine.reported.has(uid)) context.violated('the status is the PruneJob\'s own', `PruneJob ${name} (${uid}) says Published, but no engine of its own reported that.`);
  if (isOver(after) && (before === undefined || !isOver(before))) ended(context, after, jobFailures);
}

function noteFailure(failures: Failures, job: LiveJob): void {
  const failed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  const uid = pruneJobUid(job) ?? '';
  if (failed !== undefined) failures.set(uid, (failures.get(uid) ?? new Set<string>()).add(failed.reason ?? ''));
}

function ended(context: Context, pruneJob: PruneJob, jobFailures: Failures): void {
  const reason = conditionOf(pruneJob, 'Failed')?.reason;
  if (!holds(pruneJob, 'Failed') || reason === undefined) return;
  const causes = [...ofEngine(context, pruneJob, jobFailures), ...ofObstacle(context, pruneJob), ...ofNoPod(context, pruneJob), ...ofLateService(context, pruneJob), ...ofRollout(pruneJob)];
  if (!causes.includes(reason)) context.violated('a failure has a cause', `PruneJob ${pruneJob.metadata.name} failed with ${reason}, but what happened to it is ${causes.join(', ') || 'nothing'}.`);
}

/** A pod that was killed and is gone cannot be asked any more. */
function ofEngine({ engine }: Context, { metadata: { uid } }: PruneJob, jobFailures: Failures): readonly string[] {
  const ofJobs = jobFailures.get(uid);
  return [...(engine.causes.get(uid) ?? []), ...(ofJobs ?? []), ...(ofJobs === undefined ? [] : ['Internal', 'Killed', 'Evicted', 'Preempted'])];
}

/** However short: by a clock that jumps, a minute's wait may be over at once. */
function ofObstacle({ scenario }: Context, { metadata: { name } }: PruneJob): readonly string[] {
  return scenario.engineOf(name).obstacle !== undefined ? ['ImagePullFailed', 'SecretNotFound', 'ContainerNotStarted'] : [];
}

/** However short, again; but then there is no pod that works. */
function ofNoPod({ server }: Context, { metadata: { uid } }: PruneJob): readonly string[] {
  const working = (server.list(podType) as readonly LivePod[]).some((pod) => pruneJobUid(pod) === uid && !hasEnded(pod));
  return working ? [] : ['PodNotCreated'];
}

function ofLateService({ scenario }: Context, { metadata: { name } }: PruneJob): readonly string[] {
  return scenario.pruneJobs.some((plan) => plan.name === name && plan.serviceAfterMs > 0) ? ['ServiceNotFound'] : [];
}

function ofRollout({ spec, status }: PruneJob): readonly string[] {
  const unwanted = spec.serving?.rollbackRequested === true ? ['RolledBack'] : [];
  return status?.serving?.rollout?.startedAt === undefined ? unwanted : ['RolledBack', 'RolloutFailed'];
}

function mustBeServed(context: Context, pruneJob: PruneJob, edited: boolean): void {
  const live = serviceOf(context, pruneJob);
  if (pruneJob.spec.planOnly === true) return;
  if (!context.bucket.isPublished(placeOf(pruneJob).uri)) context.violated('the status agrees with the world', `PruneJob ${pruneJob.metadata.name} is Complete and nothing is published.`);
  // Whoever edits a service afterwards is left alone.
  if (live === undefined || edited || shapeOf(live) === ofModel(...shapeAfter(pruneJob))) return;
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
  if (stage === 'Suspended' && live !== undefined && !holds(pruneJob, 'Published') && shapeOf(live) !== ofModel(denseUri, 4) && shapeOf(live) !== ofModel(placeOf(pruneJob).uri, 2)) {
    context.violated('the status agrees with the world', `PruneJob ${pruneJob.metadata.name} is suspended and its service is ${shapeOf(live)}.`);
  }
  if (isTrue(pruneJob.status?.conditions, 'Complete') && isTrue(pruneJob.status?.conditions, 'Failed')) context.violated('the status agrees with itself', `PruneJob ${pruneJob.metadata.name} is both Complete and Failed.`);
}
