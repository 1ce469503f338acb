/**
 * How the cluster itself shows that a pod ended, with the place in Kubernetes v1.35 that writes it, or the report it was copied from.
 */
import type { Retry } from '../failure/row.ts';
import type { Pod, Terminated } from '../kube.ts';

export interface RecordedPod {
  readonly row: string;
  readonly reason: string;
  readonly retry: Retry;
  readonly source: string;
  readonly status: NonNullable<Pod['status']>;
}

type Ending = Omit<RecordedPod, 'row' | 'source' | 'status'>;
const preempted: Ending = { reason: 'Preempted', retry: 'Free' };
const evicted: Ending = { reason: 'Evicted', retry: 'Free' };
const nodeLost: Ending = { reason: 'NodeLost', retry: 'Free' };
const unavailable: Ending = { reason: 'GPUUnavailable', retry: 'Elsewhere' };
const rejected: Ending = { reason: 'PodRejected', retry: 'Try' };

const interrupted: Terminated = { exitCode: 143, reason: 'Error', message: '{"kind": "Error", "reason": "Interrupted", "message": "The run was told to stop."}' };

/** Taken away while it ran: the engine obeys SIGTERM. */
function disrupted(reason: string, message: string, rest: Partial<NonNullable<Pod['status']>> = {}): NonNullable<Pod['status']> {
  return { phase: 'Failed', conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message }], containerStatuses: [{ name: 'engine', state: { terminated: interrupted } }], ...rest };
}

function refused(reason: string, message: string): NonNullable<Pod['status']> {
  return { phase: 'Failed', reason, message };
}

function ended(terminated: Terminated): NonNullable<Pod['status']> {
  return { phase: 'Failed', containerStatuses: [{ name: 'engine', state: { terminated } }] };
}

const lowDisk = 'The node was low on resource: ephemeral-storage. Threshold quantity: 2146223340, available: 1883424Ki. Container helmer was using 10304Ki, request is 10Mi, has larger consumption of ephemeral-storage. ';
const critical = 'Preempted in order to admit critical pod';
const shutdown = 'Pod was terminated in response to imminent node shutdown.';

const disruptions: readonly RecordedPod[] = [
  { row: 'preempted by the scheduler', ...preempted, source: 'pkg/scheduler/framework/preemption/preemption.go', status: disrupted('PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod') },
  { row: 'preempted by the kubelet', ...preempted, source: 'pkg/kubelet/preemption/preemption.go', status: disrupted('TerminationByKubelet', 'Pod was preempted by Kubelet to accommodate a critical pod.', { reason: 'Preempting', message: critical }) },
  { row: 'evicted through the API', ...evicted, source: 'pkg/registry/core/pod/storage/eviction.go', status: disrupted('EvictionByEvictionAPI', 'Eviction API: evicting') },
  { row: 'evicted under node pressure', ...evicted, source: 'https://github.com/cloud-ark/kubeplus/issues/1382', status: disrupted('TerminationByKubelet', lowDisk, { reason: 'Evicted', message: lowDisk }) },
  { row: 'node shut down', ...nodeLost, source: 'pkg/kubelet/nodeshutdown/nodeshutdown_manager.go', status: disrupted('TerminationByKubelet', shutdown, { reason: 'Terminated', message: shutdown }) },
  { row: 'evicted by a taint of its node', ...nodeLost, source: 'pkg/controller/tainteviction/taint_eviction.go', status: disrupted('DeletionByTaintManager', 'Taint manager: deleting due to NoExecute taint') },
  { row: 'evicted by a taint of its device', reason: 'GPUFailed', retry: 'Free', source: 'pkg/controller/devicetainteviction/device_taint_eviction.go', status: disrupted('DeletionByDeviceTaintManager', 'Device Taint manager: deleting due to NoExecute taint') },
  { row: 'node deleted', ...nodeLost, source: 'pkg/controller/podgc/gc_controller.go', status: disrupted('DeletionByPodGC', 'PodGC: node no longer exists') },
];

const refusals: readonly RecordedPod[] = [
  { row: 'device plugin cannot give the GPU', ...unavailable, source: 'https://github.com/openshift/instaslice-operator/issues/140', status: refused('UnexpectedAdmissionError', 'Pod was rejected: Allocate failed due to no healthy devices present; cannot allocate unhealthy devices nvidia.com/mig-1g.5gb, which is unexpected') },
  { row: 'device plugin cannot give the GPU', ...unavailable, source: 'https://github.com/kubernetes/kubernetes/issues/97131', status: refused('UnexpectedAdmissionError', 'Pod Allocate failed due to device plugin GetPreferredAllocation rpc failed with err: rpc error: code = Unknown desc = Unable to retrieve list of available devices: error creating nvml.Device 5: nvml: GPU is lost, which is unexpected') },
  { row: 'refused by the node', ...rejected, source: 'pkg/kubelet/lifecycle/predicate.go', status: refused('OutOfnvidia.com/gpu', 'Pod was rejected: Node didn\'t have enough resource: nvidia.com/gpu, requested: 1, used: 8, capacity: 8') },
  { row: 'refused by the node', ...rejected, source: 'pkg/kubelet/nodeshutdown/nodeshutdown_manager.go', status: refused('NodeShutdown', 'Pod was rejected as the node is shutting down.') },
];

const ends: readonly RecordedPod[] = [
  { row: 'node unresponsive', reason: 'NodeLost', retry: 'Try', source: 'pkg/util/node/node.go', status: { ...refused('NodeLost', 'Node gpu-0 which was running pod tiny-prune-1-x is unresponsive') } },
  { row: 'container lost', reason: 'NodeLost', retry: 'Try', source: 'pkg/kubelet/status/status_manager.go', status: ended({ exitCode: 137, reason: 'ContainerStatusUnknown', message: 'The container could not be located when the pod was terminated' }) },
  { row: 'local disk limit exceeded', reason: 'OutOfDisk', retry: 'Try', source: 'pkg/kubelet/eviction/helpers.go (emptyDirMessageFmt)', status: { ...ended(interrupted), ...refused('Evicted', 'Usage of EmptyDir volume "tmp" exceeds the limit "2Ti". ') } },
  { row: 'local disk limit exceeded', reason: 'OutOfDisk', retry: 'Try', source: 'pkg/kubelet/eviction/helpers.go (containerEphemeralStorageMessageFmt)', status: { ...ended(interrupted), ...refused('Evicted', 'Container engine exceeded its local ephemeral storage limit "10Gi". ') } },
  { row: 'out of host memory', reason: 'OutOfMemory', retry: 'Try', source: 'https://kubernetes.io/docs/tasks/configure-pod-container/assign-memory-resource/', status: ended({ exitCode: 137, reason: 'OOMKilled' }) },
  { row: 'pod deadline exceeded', reason: 'DeadlineExceeded', retry: 'Try', source: 'pkg/kubelet/active_deadline.go', status: { ...ended(interrupted), ...refused('DeadlineExceeded', 'Pod was active on the node longer than the specified deadline') } },
];

export const recordedPods: readonly RecordedPod[] = [...disruptions, ...refusals, ...ends];
