/** What runs in engine pods: inspects, prunes and cleans as scripted, and leaves the words that the real engine leaves. */
import { labels, type Stage } from '../../../src/api/names.ts';
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import type { Terminated } from '../../../src/prunejob/kube.ts';
import { facts } from '../../../src/prunejob/testing/builders.ts';
import { podType, pruneJobType } from '../../../src/shell/resources.ts';
import type { LivePod } from '../../../src/shell/stores.ts';
import type { EngineScript } from '../scenario.ts';
import { placeOf } from './bucket.ts';
import { hasEnded } from './job-controller.ts';
import { timeOf, type World } from './world.ts';

const by = { manager: 'kubelet' };

const errors: Readonly<Record<number, string>> = { 2: 'ModelNotFound', 3: 'StorageUnavailable', 4: 'QualityRefused', 5: 'OutOfGPUMemory' };

/** What a run may rightly fail of, by PruneJob uid: filled as it happens, read by the invariants. */
export type Causes = Map<string, Set<string>>;

interface Work {
  readonly pod: LivePod;
  readonly pruneJob: PruneJob;
  readonly startedAt: number;
  readonly durationMs: number;
}

export class Engine {
  readonly causes: Causes = new Map();
  /** uids of the PruneJobs whose own engine reported a published model. */
  readonly reported = new Set<string>();
  readonly #world: World;
  readonly #tries = new Map<string, number>();
  readonly #working = new Map<string, Work>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Once for each PruneJob, before its first pod of that stage. */
  obstacle(pod: LivePod): EngineScript['obstacle'] {
    const { obstacle } = this.#script(pod);
    return obstacle?.stage === stageOf(pod) && !this.#tries.has(tryKey(pod)) ? obstacle : undefined;
  }

  run(key: string, address: string, pod: LivePod): void {
    const pruneJob = this.#pruneJob(pod);
    const stage = stageOf(pod);
    if (pruneJob === undefined || stage === undefined) return;
    const { scheduler, random, bucket } = this.#world;
    if (stage === 'prune') bucket.upload(placeOf(pruneJob));
    const durationMs = stage === 'prune' ? random.between(8_000, 60_000) : random.between(500, 6000);
    this.#working.set(address, { pod, pruneJob, startedAt: scheduler.elapsedMs, durationMs });
    scheduler.after(durationMs, () => {
      this.#working.delete(address);
      const live = (this.#world.server.get(podType, key) as LivePod | undefined);
      // The pod of a killed engine may still be there, and a name may be taken anew.
      if (live?.metadata.uid === pod.metadata.uid && live?.status?.phase === 'Running') this.end(key, this.#outcome(pod, pruneJob, stage));
    });
  }

  end(key: string, terminated: Terminated): void {
    const phase = terminated.exitCode === 0 ? 'Succeeded' : 'Failed';
    const state = { terminated: { ...terminated, finishedAt: timeOf(this.#world) } };
    this.#world.server.update<LivePod>(podType, key, (pod) => {
      const containerStatuses = [{ name: pod.spec?.containers?.[0]?.name ?? '', state }];
      return hasEnded(pod) ? pod : { ...pod, status: { ...pod.status, phase, containerStatuses } };
    }, by);
  }

  /** The engine's /progress. */
  progress(url: string): string {
    const work = this.#working.get(/^http:\/\/([^:]+):/.exec(url)?.[1] ?? '');
    if (work === undefined) throw new Error('connection refused');
    const percent = Math.floor((100 * (this.#world.scheduler.elapsedMs - work.startedAt)) / work.durationMs);
    const { runKey } = placeOf(work.pruneJob);
    return JSON.stringify({ runKey, stage: 'Prune', layer: Math.floor(percent / 25), layers: 4, percent, estimatedRemainingSeconds: 60, updatedAt: timeOf(this.#world) });
  }

  #outcome(pod: LivePod, pruneJob: PruneJob, stage: Stage): Terminated {
    const tries = this.#tries.get(tryKey(pod)) ?? 0;
    this.#tries.set(tryKey(pod), tries + 1);
    const exitCode = this.#script(pod).exits[stage]?.[tries] ?? 0;
    return exitCode === 0 ? { exitCode, message: JSON.stringify(this.#answer(pruneJob, stage)) } : this.#failure(pruneJob, exitCode);
  }

  #answer(pruneJob: PruneJob, stage: Stage): object {
    const place = placeOf(pruneJob);
    const { bucket } = this.#world;
    if (stage === 'inspect') {
      const existing = bucket.existing(place);
      if (existing !== null) this.reported.add(pruneJob.metadata.uid);
      return facts({ runKey: place.runKey, existing });
    }
    if (stage === 'clean') {
      bucket.clean(place);
      return {};
    }
    this.reported.add(pruneJob.metadata.uid);
    return bucket.publish(place);
  }

  #failure({ metadata: { uid } }: PruneJob, exitCode: number): Terminated {
    const reason = errors[exitCode];
    const said = reason === undefined ? ['Internal', 'Killed'] : [reason];
    this.causes.set(uid, new Set([...(this.causes.get(uid) ?? []), ...said, 'BackoffLimitExceeded']));
    return { exitCode, ...(reason === undefined ? {} : { message: JSON.stringify({ kind: 'Error', reason, message: `Scripted to end with ${exitCode}.` }) }) };
  }

  #script(pod: LivePod): EngineScript {
    return this.#world.scenario.engineOf(this.#pruneJob(pod)?.metadata.name ?? '');
  }

  #pruneJob({ metadata }: LivePod): PruneJob | undefined {
    const uid = metadata.labels?.[labels.pruneJobUid];
    return (this.#world.server.list(pruneJobType) as readonly PruneJob[]).find((candidate) => candidate.metadata.uid === uid);
  }
}

export function stageOf({ metadata }: LivePod): Stage | undefined {
  return metadata.labels?.[labels.stage] as Stage | undefined;
}

function tryKey(pod: LivePod): string {
  return `${pod.metadata.labels?.[labels.pruneJobUid] ?? ''} ${stageOf(pod) ?? ''}`;
}
