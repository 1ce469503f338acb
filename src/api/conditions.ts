/** The words of `status.conditions`, and the one way to change them. */
import type { Condition } from './v1alpha1/prunejob.ts';

export type ConditionType =
  | 'Planned'
  | 'Queued'
  | 'Pruned'
  | 'QualityAccepted'
  | 'Published'
  | 'Served'
  | 'ServingConflict'
  | 'RolledBack'
  | 'Suspended'
  | 'Complete'
  | 'Failed';

/** What the engine reports in its termination message, exit code by exit code. */
export const engineReasons = [
  'RecipeInvalid',
  'ModelNotFound',
  'ModelUnreadable',
  'ModelCorrupt',
  'NotMoE',
  'TooFewExperts',
  'UnsupportedFamily',
  'QuantizedModel',
  'SparsityTooLow',
  'CalibrationInvalid',
  'QualityDataInvalid',
  'OutputConflict',
  'SigningKeyInvalid',
  'SignatureInvalid',
  'StorageUnavailable',
  'EndpointUnavailable',
  'Interrupted',
  'QualityRefused',
  'DroppedLoadExceeded',
  'OutOfGPUMemory',
  'GPUFailed',
  'Internal',
] as const;

export type EngineReason = (typeof engineReasons)[number];

export const operatorReasons = [
  'NoGPUSaved',
  'AlreadyFits',
  'GPUsUnavailable',
  'FieldsOwnedByGit',
  'ServiceNotFound',
  'ServiceChanged',
  'ServiceAccountNotFound',
  'ServiceAccountNotAllowed',
  'ServiceNotAllowed',
  'SecretNotFound',
  'UnsupportedService',
  'NotSupportedYet',
  'DeadlineExceeded',
  'ResultMismatch',
  'RolloutFailed',
  'RolloutTimedOut',
  'NotAnswering',
  'RolledBack',
  'ServingConflict',
  'ImagePullFailed',
  'PodNotCreated',
  'PodRejected',
  'ContainerNotStarted',
  'GPUUnavailable',
  'GPUError',
  'OutOfMemory',
  'OutOfDisk',
  'Preempted',
  'Evicted',
  'NodeLost',
  'Killed',
  'PodTemplateInvalid',
  'PodTemplateNotAllowed',
  'ScratchInvalid',
] as const;

export type FailedReason = EngineReason | (typeof operatorReasons)[number];

/** Of a condition on the way: something is under way, done, waited for or turned off. */
export type ProgressReason =
  | 'Inspecting'
  | 'Planned'
  | 'PlanOnly'
  | 'WaitingForPod'
  | 'Running'
  | 'WaitingForAdmission'
  | 'WaitingForQuota'
  | 'KueueNotFound'
  | 'QueueNotFound'
  | 'QueueStopped'
  | 'QueueUnsuited'
  | 'Deactivated'
  | 'SameRunInProgress'
  | 'SameServiceInProgress'
  | 'Pruned'
  | 'Reused'
  | 'Evaluating'
  | 'Accepted'
  | 'NotMeasured'
  | 'Published'
  | 'WaitingForGPUs'
  | 'RollingOut'
  | 'Verifying'
  | 'Serving'
  | 'RollingBack'
  | 'RollbackRequested'
  | 'NothingToRollBack'
  | 'PutBack'
  | 'Emitted'
  | 'AwaitingGit'
  | 'NotAsEmitted'
  | 'NotDelivered'
  | 'Deleted'
  | 'Suspended'
  | 'Resumed'
  | 'Finished';

export type ConditionReason = FailedReason | ProgressReason;

export interface ConditionUpdate {
  readonly type: ConditionType;
  readonly status: Condition['status'];
  readonly reason: ConditionReason;
  readonly message: string;
}

/**
 * Returns the list with this condition in its place, or at the end.
 * `lastTransitionTime` moves only when `status` does, as everywhere in Kubernetes; whoever times a reason keeps a start of its own.
 */
export function setCondition(
  conditions: readonly Condition[],
  update: ConditionUpdate,
  { generation, now }: { readonly generation: number; readonly now: Date },
): Condition[] {
  const previous = conditions.find(({ type }) => type === update.type);
  const lastTransitionTime = previous?.status === update.status ? previous.lastTransitionTime : rfc3339(now);
  const next: Condition = { ...update, observedGeneration: generation, lastTransitionTime };
  return previous === undefined ? [...conditions, next] : conditions.map((condition) => (condition === previous ? next : condition));
}

/** Kubernetes writes times in whole seconds; a fraction would come back different from what was sent. */
function rfc3339(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
