/** Why a pod has not started, where more than the Job and its pods must be looked at to say so. */
import type { ConditionType } from '../../api/conditions.ts';
import { gpuProducts } from './pod.ts';
import type { Failure } from '../failure/failure.ts';
import { unscheduledBecause } from '../failure/unscheduled.ts';
import type { Pod } from '../kube.ts';
import { engineContainer, engineEnd } from './messages.ts';
import type { ChildJob } from '../observed.ts';
import { heldBecause, type Held } from '../queue/held.ts';
import { isHeld } from '../queue/kueue.ts';
import { conditionOf, type Run } from '../run.ts';

/** Why a Job that should run has no running pod yet; undefined once it has one. The hint is for a pod that no node takes. */
export function queuedBecause(run: Run, child: ChildJob, hint?: string): Held | undefined {
  if (isHeld(child.job)) return heldBecause(child.job, run.observed.workload, run.now);
  const message = waitingForPod(child, hint);
  return message === undefined ? undefined : { reason: 'WaitingForPod', message };
}

function waitingForPod({ job, pods }: ChildJob, hint: string | undefined): string | undefined {
  if (pods.some(hasStarted)) return undefined;
  const unscheduled = unscheduledBecause(pods);
  if (unscheduled !== undefined) return hint === undefined ? unscheduled : `${hint} ${unscheduled}`;
  return `Job ${job.metadata.name} waits for its pod to start.`;
}

function hasStarted(pod: Pod): boolean {
  const engine = pod.status?.containerStatuses?.find(({ name }) => name === engineContainer);
  return engine?.state?.running !== undefined;
}

/** The scheduler says only that the affinity of the pod matches no node, not which kinds of GPU there would be. */
export function noSuchGPU({ observed, spec }: Run): string | undefined {
  const asked = gpuProducts(spec.runner);
  if (observed.nodes === 'NotRead') return undefined;
  const offered = [...new Set(observed.nodes.map(({ product }) => product))];
  if (offered.some((product) => product !== undefined && asked.includes(product))) return undefined;
  return `No node has a GPU of runner.gpuProducts (${asked.join(', ')}); ${offer(offered)}`;
}

function offer(products: readonly (string | undefined)[]): string {
  if (products.length === 0) return 'no node offers nvidia.com/gpu at all. Add a node with such a GPU.';
  const known = products.filter((product) => product !== undefined);
  if (known.length === 0) return 'the nodes with GPUs lack the label nvidia.com/gpu.product. Label them.';
  return `the nodes have ${known.join(', ')}. Name one of these in a new PruneJob, or add a node with such a GPU.`;
}

const waits: readonly string[] = ['WaitingForPod', 'PodNotCreated', 'SecretNotFound', 'ImagePullFailed', 'ContainerNotStarted', 'GPUUnavailable'];

/** A deadline that ends a Job before its pod started says nothing about the engine's speed: what was waited for is the reason. */
export function neverStarted<T extends Failure>(run: Run, child: ChildJob, failure: T, type: ConditionType): T {
  const last = conditionOf(run, type);
  if (failure.reason !== 'DeadlineExceeded' || last === undefined || !waits.includes(last.reason)) return failure;
  if (child.pods.some((pod) => engineEnd(pod) !== undefined)) return failure;
  const seconds = child.job.spec?.activeDeadlineSeconds ?? 0;
  const message = `The pod of Job ${child.job.metadata.name} never started within the ${seconds} s of runner.activeDeadline. The last it waited for: ${last.message}`;
  return { ...failure, message };
}
