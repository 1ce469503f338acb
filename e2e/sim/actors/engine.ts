/** What runs in engine pods: inspects, prunes and cleans as scripted, and leaves the words that the real engine leaves. */
import { labels, type Stage } from '../../../src/api/names.ts';
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import type { Terminated } from '../../../src/prunejob/kube.ts';
import { evaluation, facts } from '../../../src/prunejob/testing/builders.ts';
import { podType, pruneJobType } from '../../../src/shell/resources.ts';
import type { LivePod } from '../../../src/shell/stores.ts';
import type { EngineScript } from '../scenario.ts';
import { placeOf } from './bucket.ts';
import { hasEnded } from './job-controller.ts';
import { behaviourOf, sourceUri } from './model-server.ts';
import { podBehind } from './network-services.ts';
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
  /** Whose canary was asked and found good: uid, the beginning of the rollout, and the model that answered. */
  readonly accepted = new Set<string>();
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
    const [leastMs, mostMs] = durations[stage];
    const durationMs = random.between(leastMs, mostMs);
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
    if (exitCode !== 0) return this.#failure(pruneJob, exitCode, stage);
    return stage === 'evaluate' ? this.#evaluate(pod, pruneJob) : { exitCode, message: JSON.stringify(this.#answer(pruneJob, stage)) };
  }

  /** Who answers at the addresses that it was given, if anybody does. */
  #evaluate(pod: LivePod, pruneJob: PruneJob): Terminated {
    const { server, scenario } = this.#world;
    const [canary, serving] = [argument(pod, '--endpoint'), argument(pod, '--baseline-endpoint')].map((url) => podBehind(server, url));
    if (canary === undefined || serving === undefined || behaviourOf(scenario, canary) === 'Mute') return this.#failure(pruneJob, 3, 'evaluate');
    const { kind, tasks: [task] } = evaluation();
    const low = this.#script(pod).scores === 'Low';
    if (low) this.#blame(pruneJob, ['QualityRefused']);
    else this.accepted.add(acceptance(this.#pruneJob(pod) ?? pruneJob, canary.metadata.annotations?.[sourceUri] ?? ''));
    return { exitCode: 0, message: JSON.stringify({ kind, tasks: [{ ...task, ...(low ? { lowerBound: 0.5 } : {}) }] }) };
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

  #failure(pruneJob: PruneJob, exitCode: number, stage: Stage): Terminated {
    const reason = stage === 'evaluate' && exitCode === 3 ? 'EndpointUnavailable' : errors[exitCode];
    this.#blame(pruneJob, [...(reason === undefined ? ['Internal', 'Killed'] : [reason]), 'BackoffLimitExceeded']);
    return { exitCode, ...(reason === undefined ? {} : { message: JSON.stringify({ kind: 'Error', reason, message: `Scripted to end with ${exitCode}.` }) }) };
  }

  #blame({ metadata: { uid } }: PruneJob, reasons: readonly string[]): void {
    this.causes.set(uid, new Set([...(this.causes.get(uid) ?? []), ...reasons]));
  }

  #script(pod: LivePod): EngineScript {
    return this.#world.scenario.engineOf(this.#pruneJob(pod)?.metadata.name ?? '');
  }

  #pruneJob({ metadata }: LivePod): PruneJob | undefined {
    const uid = metadata.labels?.[labels.pruneJobUid];
    return (this.#world.server.list(pruneJobType) as readonly PruneJob[]).find((candidate) => candidate.metadata.uid === uid);
  }
}

const durations: Readonly<Record<Stage, readonly [leastMs: number, mostMs: number]>> = { inspect: [500, 6000], prune: [8_000, 60_000], evaluate: [2000, 20_000], clean: [500, 6000] };

/** Of one rollout and one model; another rollout has to ask again. */
export function acceptance({ metadata: { uid }, status }: PruneJob, modelUri: string): string {
  return [uid, status?.serving?.rollout?.startedAt ?? '', modelUri].join(' ');
}

function argument({ spec }: LivePod, flag: string): string {
  const { args = [] } = (spec?.containers?.[0] ?? {}) as { readonly args?: readonly string[] };
  return args[args.indexOf(flag) + 1] ?? '';
}

export function stageOf({ metadata }: LivePod): Stage | undefined {
  return metadata.labels?.[labels.stage] as Stage | undefined;
}

function tryKey(pod: LivePod): string {
  return `${pod.metadata.labels?.[labels.pruneJobUid] ?? ''} ${stageOf(pod) ?? ''}`;
}
