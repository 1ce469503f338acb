/** What a PruneJob may rightly fail of, from what happened in the world. */
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { podType } from '../../../src/shell/resources.ts';
import { pruneJobUid, type LiveJob, type LivePod } from '../../../src/shell/stores.ts';
import { placeOf } from '../actors/bucket.ts';
import { hasEnded } from '../actors/job-controller.ts';
import type { Context } from './invariant.ts';
import { holds } from './questions.ts';

export class History {
  /** Reasons of failed Jobs, by PruneJob uid. */
  readonly #jobFailures = new Map<string, Set<string>>();
  /** Which PruneJob left a service on its model last, by service. */
  readonly #served = new Map<string, string>();
  /** Services and the models that PruneJobs left them on. */
  readonly #models = new Set<string>();
  /** Services that somebody had put back after a PruneJob was complete. */
  readonly #undone = new Set<string>();
  /** Services that somebody edited. */
  readonly #edited = new Set<string>();

  get isAnyEdited(): boolean {
    return this.#edited.size > 0;
  }

  noteEdit(serviceKey: string): void {
    this.#edited.add(serviceKey);
  }

  noteJob(job: LiveJob): void {
    const failed = job.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
    const uid = pruneJobUid(job) ?? '';
    if (failed !== undefined) this.#jobFailures.set(uid, (this.#jobFailures.get(uid) ?? new Set<string>()).add(failed.reason ?? ''));
  }

  /** Also one that was left on the model before, by somebody who asked for a rollback. */
  noteServed(before: PruneJob | undefined, after: PruneJob): void {
    const key = serviceKey(after);
    const isNew = (type: string): boolean => holds(after, type) && (before === undefined || !holds(before, type));
    if (key === undefined || !(isNew('Served') || (isNew('RolledBack') && holds(after, 'Complete')))) return;
    this.#served.set(key, after.metadata.uid);
    if (holds(after, 'Served')) this.#models.add(`${key} ${placeOf(after).uri}`);
    else this.#undone.add(key);
  }

  /** Whether nobody has moved its service since. */
  wasLast(pruneJob: PruneJob): boolean {
    const last = this.#served.get(serviceKey(pruneJob) ?? '');
    return last === undefined || last === pruneJob.metadata.uid;
  }

  causesOf(context: Context, pruneJob: PruneJob): readonly string[] {
    const ofEngines = ofEngine(context, pruneJob, this.#jobFailures.get(pruneJob.metadata.uid));
    return [...ofEngines, ...ofObstacle(context, pruneJob), ...ofNoPod(context, pruneJob), ...ofLateService(context, pruneJob), ...ofRollout(pruneJob), ...this.#ofOther(pruneJob)];
  }

  /** Another PruneJob has moved the service, for good: it has nothing to save any more, or, on another model or moved back by somebody, is not what was planned for. */
  #ofOther(pruneJob: PruneJob): readonly string[] {
    const key = serviceKey(pruneJob) ?? '';
    const changed = this.#undone.has(key) || [...this.#models].some((model) => model.startsWith(`${key} `) && model !== `${key} ${placeOf(pruneJob).uri}`);
    if (this.wasLast(pruneJob)) return changed ? ['ServiceChanged'] : [];
    return ['NoGPUSaved', 'AlreadyFits', ...(changed || this.#edited.has(key) ? ['ServiceChanged'] : [])];
  }
}

function serviceKey({ metadata, spec }: PruneJob): string | undefined {
  return spec.serving === undefined ? undefined : `${metadata.namespace}/${spec.serving.ref.name}`;
}

/** A pod that was killed and is gone cannot be asked any more. */
function ofEngine({ engine }: Context, { metadata: { uid } }: PruneJob, ofJobs: ReadonlySet<string> | undefined): readonly string[] {
  return [...(engine.causes.get(uid) ?? []), ...(ofJobs ?? []), ...(ofJobs === undefined ? [] : ['Internal', 'Killed', 'Interrupted', 'Evicted', 'Preempted'])];
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
  if (status?.serving?.rollout?.startedAt === undefined) return unwanted;
  return ['RolledBack', 'RolloutFailed', ...(spec.quality?.endpoint === undefined ? [] : ['RolloutTimedOut'])];
}
