/** What several rules ask about the world as the API server has it. */
import { fieldManager, labels, type Stage } from '../../../src/api/names.ts';
import type { PruneJob } from '../../../src/api/v1alpha1/prunejob.ts';
import { isFinished } from '../../../src/prunejob/failure/failure.ts';
import { inferenceServiceType, type InferenceService } from '../../../src/prunejob/serving/kserve-types.ts';
import { parseReceipt, receiptText } from '../../../src/prunejob/serving/receipt.ts';
import { readArguments } from '../../../src/prunejob/serving/arguments.ts';
import type { KubeObject, ResourceType } from '../../../src/runtime/types.ts';
import { jobType, podType, pruneJobType } from '../../../src/shell/resources.ts';
import { pruneJobUid, type LiveJob, type LivePod } from '../../../src/shell/stores.ts';
import { placeOf } from '../actors/bucket.ts';
import { specOf } from '../actors/people.ts';
import type { World } from '../actors/world.ts';
import type { Author, Commit } from '../api-server/storage.ts';

export type Service = InferenceService & KubeObject;

export function isOf({ type }: Pick<Commit, 'type'>, wanted: ResourceType): boolean {
  return type.plural === wanted.plural;
}

export function isOperator({ manager }: Author): boolean {
  return manager === fieldManager;
}

export function pruneJobs({ server }: World): readonly PruneJob[] {
  return (server.list(pruneJobType) as readonly PruneJob[]);
}

export function byUid(world: World, uid: string | undefined): PruneJob | undefined {
  return pruneJobs(world).find(({ metadata }) => metadata.uid === uid);
}

export function jobsOf({ server }: World, uid: string | undefined): readonly LiveJob[] {
  return (server.list(jobType) as readonly LiveJob[]).filter((job) => pruneJobUid(job) === uid);
}

export function unfinishedJobsOf(world: World, uid: string | undefined): readonly LiveJob[] {
  return jobsOf(world, uid).filter((job) => !isFinished(job));
}

export function runningPodsOf({ server }: World, uid: string | undefined): readonly LivePod[] {
  return (server.list(podType) as readonly LivePod[]).filter((pod) => pruneJobUid(pod) === uid && pod.status?.phase === 'Running');
}

export function stageOfJob({ metadata }: KubeObject): Stage | undefined {
  return metadata.labels?.[labels.stage] as Stage | undefined;
}

export function serviceOf({ server }: World, { metadata, spec }: PruneJob): Service | undefined {
  return spec.serving === undefined ? undefined : (server.get(inferenceServiceType, `${metadata.namespace}/${spec.serving.ref.name}`));
}

/** Of one service there may be several. */
export function pruneJobsOf(world: World, key: string): readonly PruneJob[] {
  return pruneJobs(world).filter(({ metadata, spec }) => spec.serving !== undefined && `${metadata.namespace}/${spec.serving.ref.name}` === key);
}

/** Whose receipt this is. */
export function named(world: World, receipt: string | undefined): PruneJob | undefined {
  const name = parseReceipt(receipt)?.pruneJob;
  return pruneJobs(world).find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === name);
}

export function receiptOf(service: Service): string | undefined {
  return receiptText(service);
}

/** The pruned models that this service may come to, also by a PruneJob that is gone. */
export function modelsFor({ scenario }: World, name: string): readonly string[] {
  return scenario.pruneJobs.filter(({ service }) => service === name).map((plan) => placeOf({ spec: specOf(plan) }).uri);
}

/** The model and what it runs on, in one word: two of these are what a service may be. */
export function shapeOf({ spec }: Service): string {
  const { storageUri = '', args = [], resources = {} } = spec?.predictor?.model ?? {};
  const gpus = [resources.limits, resources.requests].map((quantities) => `${quantities?.['nvidia.com/gpu'] ?? 'no'}`);
  return `${storageUri} on ${gpus.join('/')} GPUs with tensor-parallel size ${readArguments(args).tensorParallel ?? 'none'}`;
}

export function ofModel(uri: string, gpus: number): string {
  return `${uri} on ${gpus}/${gpus} GPUs with tensor-parallel size ${gpus}`;
}

export function conditionOf({ status }: PruneJob, type: string): NonNullable<NonNullable<PruneJob['status']>['conditions']>[number] | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function holds(pruneJob: PruneJob, type: string): boolean {
  return conditionOf(pruneJob, type)?.status === 'True';
}
