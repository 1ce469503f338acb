/**
 * Whether the new pods of a rollout can be scheduled: a surge without free GPUs would wait until it times out, and hold what it got.
 *
 * Counted per node, because a pod of four GPUs needs them on one. A rollout replaces one pod at a time, so what it needs at its start,
 * beside all the old pods, is the most it ever needs.
 */
import type { PruneJob } from '../../api/v1alpha1/prunejob.ts';
import { wantsAnswers } from './answers.ts';
import { newReplicasAtFirst } from '../gpu/peak.ts';
import type { Container, Pod } from '../kube.ts';
import type { GPUNode } from '../observed.ts';
import type { Run } from '../run.ts';
import type { ServiceObserved } from '../serving/adapter.ts';
import { gpuCount, gpuLimitOf } from '../serving/resources.ts';
import { usableNodes } from '../gpu/sizing.ts';
import { waitThenFail, type Missing, type Step } from '../step.ts';

/** Right before the first write, and for no other decision: it costs a look at every pod of the cluster. */
export function wantsFreeGPUs(pruneJob: PruneJob): boolean {
  const { spec, status } = pruneJob;
  return wantsAnswers(pruneJob) && spec.serving?.mode === 'Apply' && spec.serving.strategy !== 'Recreate' && status?.serving?.rollout?.startedAt === undefined;
}

/** As the scheduler counts: init containers run one after the other and before the rest, but for those that stay. */
export function gpusRequested({ spec: { containers = [], initContainers = [] } = {} }: Pod): number {
  const staying = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return Math.max(sum([...containers, ...staying].map(gpusOf)), ...initContainers.map(gpusOf));
}

export function waitForGPUs(run: Run, service: ServiceObserved): Step | undefined {
  const { gpuRequests, nodes } = run.observed;
  const { strategy } = run.spec.serving ?? {};
  const { plan, result } = run.status;
  if (strategy === undefined || nodes === 'NotRead' || typeof gpuRequests !== 'object' || service.fields.modelUri === result?.uri) return undefined;
  const needed = { replicas: newReplicasAtFirst[strategy], gpus: plan?.tensorParallel ?? 1 };
  const free = usableNodes(service, nodes).map((node) => freeOn(node, gpuRequests));
  const room = sum(free.map((gpus) => Math.floor(gpus / needed.gpus)));
  return room >= needed.replicas ? undefined : waitThenFail(run, 'Published', shortage(strategy, service, needed, free));
}

/** What is said once, when the rollout begins all the same. */
export function uncounted({ observed: { gpuRequests, nodes } }: Run): string[] {
  const counted = gpuRequests === undefined || (gpuRequests !== 'Forbidden' && nodes !== 'NotRead');
  return counted ? [] : ['Whether GPUs are free for it was not counted: the operator may not list the nodes and the pods of all namespaces.'];
}

function shortage(strategy: string, { unsuited }: ServiceObserved, { replicas, gpus }: { readonly replicas: number; readonly gpus: number }, free: readonly number[]): Missing {
  const recreate = unsuited.Recreate === undefined ? ', or create another PruneJob with serving.strategy: Recreate, which finds the published model and needs no spare GPU' : '';
  const message =
    `Strategy ${strategy} needs ${replicas} × ${gpus} free GPUs, each ${gpus} of them on one node; ` +
    `the nodes that take its pods have ${sum(free)} free, at most ${Math.max(0, ...free)} on one. The service was not touched. Free GPUs${recreate}.`;
  return { type: 'Served', status: 'False', reason: 'GPUsUnavailable', whileWaiting: 'WaitingForGPUs', message };
}

function freeOn({ name, allocatableGPUs }: GPUNode, requests: Readonly<Record<string, number>>): number {
  return Math.max(0, allocatableGPUs - (requests[name] ?? 0));
}

function gpusOf(container: Container): number {
  return gpuCount(container.resources?.requests) ?? gpuLimitOf(container);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
