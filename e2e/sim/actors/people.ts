/** Those who use the cluster: they apply PruneJobs and services, change their minds, tidy up, and fight over fields. */
import { labels, plural } from '../../../src/api/names.ts';
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { denseUri, serving, withoutServing } from '../../../src/prunejob/testing/builders.ts';
import { inferenceServiceType, type InferenceService } from '../../../src/prunejob/serving/kserve-types.ts';
import { keyOf } from '../../../src/runtime/keys.ts';
import type { KubeObject, ResourceType } from '../../../src/runtime/types.ts';
import { claimType, jobType, nodeType, podType, pruneJobType, serviceAccountType } from '../../../src/shell/resources.ts';
import { pruneJobUid, type LivePod } from '../../../src/shell/stores.ts';
import type { Commit } from '../api-server/storage.ts';
import type { PruneJobPlan, UserAction, UserActionKind } from '../scenario.ts';
import { lifeStageOf } from '../stages.ts';
import { gpuNode } from './kubelet.ts';
import type { World } from './world.ts';

export const namespace = 'ml';
const by = { manager: 'kubectl' };
const editor = { manager: 'platform-editor' };

type Service = InferenceService & KubeObject;

const tidying = ['DeleteJob', 'DeletePod', 'EvictPod', 'DeleteClaim'] as const;
type TidyingKind = (typeof tidying)[number];

function isTidying(kind: UserActionKind): kind is TidyingKind {
  return tidying.some((candidate) => candidate === kind);
}

export class People {
  readonly #world: World;
  readonly #waiting: UserAction[];
  #busy = 0;

  constructor(world: World) {
    this.#world = world;
    this.#waiting = [...world.scenario.actions];
    world.server.storage.onCommit((commit) => { this.#hear(commit); });
  }

  /** Nobody is about to do anything any more. */
  get done(): boolean {
    return this.#busy === 0;
  }

  setUp(): void {
    const { server, scenario } = this.#world;
    server.create(nodeType, node, by);
    server.create(serviceAccountType, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace, labels: { [labels.runner]: 'true' } } }, by);
    for (const plan of scenario.pruneJobs) {
      const { service: name } = plan;
      if (name !== undefined) this.#soon(plan.createdAtMs + plan.serviceAfterMs, () => { this.#createService(name); });
      this.#soon(plan.createdAtMs, () => { this.#create(plan); });
    }
  }

  #hear({ type, after }: Commit): void {
    if (type.plural !== plural || after === undefined) return;
    const pruneJob = after as PruneJob;
    const stage = lifeStageOf(pruneJob);
    const due = this.#waiting.filter((action) => action.pruneJob === pruneJob.metadata.name && action.at === stage);
    for (const action of due) {
      this.#waiting.splice(this.#waiting.indexOf(action), 1);
      this.#soon(action.afterMs, () => { this.#act(action); });
    }
  }

  #act({ kind, pruneJob: name }: UserAction): void {
    const key = `${namespace}/${name}`;
    const pruneJob = (this.#world.server.get(pruneJobType, key) as PruneJob | undefined);
    if (pruneJob === undefined) return;
    if (isTidying(kind)) {
      this.#tidyUp(kind, pruneJob);
      return;
    }
    switch (kind) {
      case 'Suspend':
        this.#suspend(key);
        break;
      case 'Delete':
        this.#delete(pruneJobType, key);
        break;
      case 'Recreate':
        this.#delete(pruneJobType, key);
        this.#createAgain(name);
        break;
      case 'EditLimits':
        this.#edit(key, (before) => ({ ...before, ttlSecondsAfterFinished: 40, runner: { ...before.runner, activeDeadline: '12m' } }));
        break;
      case 'RequestRollback':
        this.#edit(key, (before) => (before.serving === undefined ? before : { ...before, serving: { ...before.serving, rollbackRequested: true } }));
        break;
      case 'AnnotateService':
      case 'RevertService':
        this.#changeService(kind, pruneJob);
        break;
    }
  }

  #tidyUp(kind: TidyingKind, { metadata: { uid } }: PruneJob): void {
    const { server } = this.#world;
    const type = kind === 'DeleteJob' ? jobType : kind === 'DeleteClaim' ? claimType : podType;
    const owned = server.list(type).find((object) => pruneJobUid(object) === uid && object.metadata.deletionTimestamp === undefined);
    if (owned === undefined) return;
    const disrupted = [{ type: 'DisruptionTarget', status: 'True' }];
    if (kind === 'EvictPod') server.update<LivePod>(podType, keyOf(owned), (pod) => ({ ...pod, status: { ...pod.status, conditions: disrupted } }), by);
    this.#delete(type, keyOf(owned));
  }

  #suspend(key: string): void {
    this.#edit(key, (before) => ({ ...before, suspend: true }));
    if (this.#world.random.chance(0.9)) this.#soon(this.#world.random.between(2000, 60_000), () => { this.#edit(key, (before) => ({ ...before, suspend: false })); });
  }

  /** As soon as the name is free. */
  #createAgain(name: string): void {
    const plan = this.#world.scenario.pruneJobs.find((candidate) => candidate.name === name);
    if (plan === undefined) return;
    this.#soon(200, () => {
      if (this.#world.server.get(pruneJobType, `${namespace}/${name}`) === undefined) this.#create(plan);
      else this.#createAgain(name);
    });
  }

  #create(plan: PruneJobPlan): void {
    const key = `${namespace}/${plan.name}`;
    if (this.#world.server.get(pruneJobType, key) !== undefined) return;
    this.#world.server.create(pruneJobType, { apiVersion: 'stun-operator.io/v1alpha1', kind: 'PruneJob', metadata: { name: plan.name, namespace }, spec: specOf(plan) } as KubeObject, by);
  }

  /** Of two PruneJobs of one service, only one brings it. */
  #createService(name: string): void {
    const { server } = this.#world;
    if (server.get(inferenceServiceType, `${namespace}/${name}`) === undefined) server.create(inferenceServiceType, service(name), by);
  }

  #changeService(kind: 'AnnotateService' | 'RevertService', { spec: { serving: asked } }: PruneJob): void {
    if (asked === undefined) return;
    this.#world.server.update<Service>(inferenceServiceType, `${namespace}/${asked.ref.name}`, kind === 'RevertService' ? reverted : annotated, editor);
  }

  #edit(key: string, change: (before: PruneJob['spec']) => PruneJob['spec']): void {
    this.#world.server.update<PruneJob>(pruneJobType, key, (live) => ({ ...live, spec: change(live.spec) }), by);
  }

  #delete(type: ResourceType, key: string): void {
    const { server } = this.#world;
    if (server.get(type, key) !== undefined) server.delete(type, key, {}, by);
  }

  #soon(ms: number, run: () => void): void {
    this.#busy += 1;
    this.#world.scheduler.after(ms, () => {
      this.#busy -= 1;
      run();
    });
  }
}

const node = {
  apiVersion: 'v1', kind: 'Node',
  metadata: { name: gpuNode, labels: { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.memory': '5' } },
  status: { allocatable: { 'nvidia.com/gpu': '32' }, conditions: [{ type: 'Ready', status: 'True' }] },
};

export function specOf({ recipe, service: name, strategy, gate, scratch, ttl, planOnly, queue }: PruneJobPlan): PruneJob['spec'] {
  const ref = { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', name: name ?? '' } as const;
  const base = withoutServing({
    calibration: { uri: 's3://data/calibration.jsonl', samples: 32, sequenceLength: 128, seed: recipe },
    runner: { gpus: 1, device: 'cpu', activeDeadline: '10m', backoffLimit: 2, ...(scratch ? { scratch: { size: '1Gi', storageClassName: 'fast' } } : {}), ...(queue === undefined ? {} : { queueName: 'gpu' }) },
    ...(ttl ? { ttlSecondsAfterFinished: 30 } : {}),
    ...(planOnly ? { planOnly } : {}),
    ...(gate ? { quality: { endpoint: { tasks: [{ name: 'gsm8k', uri: 's3://data/gsm8k.jsonl', minRetained: 0.9 }] } } } : {}),
  });
  return name === undefined ? base : { ...base, serving: serving({ ref, strategy, waitFor: '60s', timeout: '3m', soak: '20s' }) };
}

function service(name: string): KubeObject {
  const gpus = { 'nvidia.com/gpu': '4' };
  const model = { storageUri: denseUri, args: ['--tensor-parallel-size=4'], resources: { limits: gpus, requests: gpus } };
  return { apiVersion: 'serving.kserve.io/v1beta1', kind: 'InferenceService', metadata: { name, namespace, annotations: { 'serving.kserve.io/deploymentMode': 'Standard' } }, spec: { predictor: { minReplicas: 1, model } } } as KubeObject;
}

/** Somebody applies the old file again. */
function reverted(live: Service): Service {
  const original = service(live.metadata.name) as Service;
  return { ...live, spec: { ...live.spec, predictor: { ...live.spec?.predictor, ...original.spec?.predictor } } };
}

function annotated(live: Service): Service {
  return { ...live, metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, team: 'platform' } } };
}
