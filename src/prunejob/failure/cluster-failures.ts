/** Failures of which the cluster itself tells, by a reason: pods taken away, refused by their node, or out of memory or disk. */
import type { Row } from './row.ts';

/** Whoever disrupts a pod says so in its condition DisruptionTarget, and the Job starts another one that costs no try. */
const disruptions: readonly Row[] = [
  {
    name: 'preempted by the scheduler', signs: { reason: /^PreemptionByScheduler$/ }, reason: 'Preempted', retry: 'Free',
    what: 'The scheduler took the pod\'s place for one of higher priority',
    remedy: 'It starts again where there is room; a priorityClassName in runner.podTemplate keeps it from having to give way.',
  },
  {
    name: 'preempted by the kubelet', signs: { reason: /^Preempting$/ }, reason: 'Preempted', retry: 'Free',
    what: 'The node took the pod\'s place for a critical pod of its own',
    remedy: 'It starts again where there is room.',
  },
  {
    name: 'evicted through the API', signs: { reason: /^EvictionByEvictionAPI$/ }, reason: 'Evicted', retry: 'Free',
    what: 'The pod was evicted, as kubectl drain and autoscalers do',
    remedy: 'It starts again on another node; nothing is to be done.',
  },
  {
    name: 'node shut down', signs: { reason: /^TerminationByKubelet$/, text: /node shutdown/ }, reason: 'NodeLost', retry: 'Free',
    what: 'The node is shutting down',
    remedy: 'It starts again on another node; nothing is to be done.',
  },
  {
    name: 'evicted under node pressure', signs: { reason: /^TerminationByKubelet$/ }, reason: 'Evicted', retry: 'Free',
    what: 'The node ran short and evicted the pod',
    remedy: 'It starts again; if it goes on, request in runner.podTemplate what the message names, so that it gets a node that has it.',
  },
  {
    name: 'evicted by a taint of its node', signs: { reason: /^DeletionByTaintManager$/ }, reason: 'NodeLost', retry: 'Free',
    what: 'The node was tainted NoExecute, as one that is not ready or out of reach is',
    remedy: 'It starts again on another node; look at this one if it does not come back: kubectl describe node.',
  },
  {
    name: 'evicted by a taint of its device', signs: { reason: /^DeletionByDeviceTaintManager$/ }, reason: 'GPUFailed', retry: 'Free',
    what: 'The pod\'s device was tainted NoExecute',
    remedy: 'It starts again on another device; the one that is tainted needs its administrator.',
  },
  {
    name: 'node deleted', signs: { reason: /^DeletionByPodGC$/ }, reason: 'NodeLost', retry: 'Free',
    what: 'The node is gone',
    remedy: 'It starts again on another node; nothing is to be done.',
  },
];

/** Without that condition a failed pod costs a try. */
const ends: readonly Row[] = [
  {
    name: 'node unresponsive', signs: { reason: /^NodeLost$/ }, reason: 'NodeLost', retry: 'Try',
    what: 'The node no longer answers',
    remedy: 'It starts again on another node once this one is given up; look at it: kubectl describe node.',
  },
  {
    name: 'container lost', signs: { reason: /^ContainerStatusUnknown$/ }, reason: 'NodeLost', retry: 'Try',
    what: 'The node lost the container, as after a crash or a restart',
    remedy: 'It starts again; look at the node if this happens more often.',
  },
  {
    name: 'local disk limit exceeded', signs: { reason: /^Evicted$/, text: /exceed(s|ed) (the|its)/ }, reason: 'OutOfDisk', retry: 'Try',
    what: 'The pod used more of its node\'s disk than it may',
    remedy: 'Raise runner.scratch.size, or the ephemeral-storage limit in runner.podTemplate, in another PruneJob.',
  },
  {
    name: 'out of host memory', signs: { reason: /^OOMKilled$/ }, reason: 'OutOfMemory', retry: 'Try',
    what: 'The engine ran out of host memory (OOMKilled)',
    remedy: 'Raise the engine container\'s memory request and limit in runner.podTemplate.',
  },
  {
    name: 'device plugin cannot give the GPU', signs: { reason: /^UnexpectedAdmissionError$/, text: /nvidia\.com\/|device plugin|nvml/i }, reason: 'GPUUnavailable', retry: 'Elsewhere',
    what: 'The node\'s device plugin could not give the pod its GPU',
    remedy: 'Look at the node\'s GPUs (nvidia-smi) and at its device plugin; cordon the node until they are well.',
  },
  {
    name: 'refused by the node', signs: { reason: /^(UnexpectedAdmissionError|OutOf\S+|NodeAffinity|NodeShutdown|TopologyAffinityError|PodOS\w+)$/ }, reason: 'PodRejected', retry: 'Try',
    what: 'The node refused the pod',
    remedy: 'It is scheduled again; if the same node refuses it again, restart its kubelet or cordon it.',
  },
  {
    name: 'pod deadline exceeded', signs: { reason: /^DeadlineExceeded$/ }, reason: 'DeadlineExceeded', retry: 'Try',
    what: 'The pod ran longer than the activeDeadlineSeconds of its template',
    remedy: 'Remove it from runner.podTemplate; runner.activeDeadline limits the whole Job.',
  },
];

export const clusterFailures: readonly Row[] = [...disruptions, ...ends];

/** Of containers that could not be started; a GPU's own rows come before them. */
export const startFailures: readonly Row[] = [
  {
    name: 'container could not start', signs: { reason: /^(StartError|ContainerCannotRun|RunContainerError|CreateContainerError)$/ }, reason: 'ContainerNotStarted', retry: 'Try',
    what: 'The container could not be started',
    remedy: 'Check that runner.image is a STUN engine for the node\'s architecture, and what runner.podTemplate changes of its command and mounts.',
  },
];
