/** What kubelets and schedulers said of pods that could not start, with the place that writes it (Kubernetes v1.35) or the report of it. */

export interface RecordedWait {
  readonly row: string;
  readonly means: string;
  readonly reason: string;
  readonly said: string;
  readonly source: string;
}

export const recordedWaits: readonly RecordedWait[] = [
  { row: 'image pull failed', means: 'ImagePullFailed', reason: 'ImagePullBackOff', said: 'Back-off pulling image "registry.example/stun-engine:0.1.0"', source: 'pkg/kubelet/images/image_manager.go' },
  { row: 'image pull failed', means: 'ImagePullFailed', reason: 'ErrImagePull', said: 'rpc error: code = Unknown desc = Error response from daemon: pull access denied for nginx211, repository does not exist or may require \'docker login\'', source: 'https://github.com/microsoft/pai/issues/3572' },
  { row: 'image not on the node', means: 'ImagePullFailed', reason: 'ErrImageNeverPull', said: 'Container image "stun-engine:0.1.0" is not present with pull policy of Never', source: 'pkg/kubelet/images/image_manager.go' },
  { row: 'image name invalid', means: 'ImagePullFailed', reason: 'InvalidImageName', said: 'Failed to apply default image tag "stun engine": couldn\'t parse image name "stun engine": invalid reference format', source: 'pkg/kubelet/images/image_manager.go' },
  { row: 'secret or config map missing', means: 'SecretNotFound', reason: 'CreateContainerConfigError', said: 'secret "s3" not found', source: 'pkg/kubelet/kubelet_pods.go' },
  { row: 'secret or config map missing', means: 'SecretNotFound', reason: 'CreateContainerConfigError', said: 'couldn\'t find key AWS_ACCESS_KEY_ID in Secret ml/s3', source: 'pkg/kubelet/kubelet_pods.go' },
  { row: 'image runs as root', means: 'ContainerNotStarted', reason: 'CreateContainerConfigError', said: 'container has runAsNonRoot and image will run as root (pod: "tiny-prune-1-x_ml(uid)", container: engine)', source: 'pkg/kubelet/kuberuntime/security_context_others.go' },
  { row: 'GPU not given to the container', means: 'GPUUnavailable', reason: 'CreateContainerError', said: 'failed to create containerd container: CDI device injection failed: unresolvable CDI devices k8s.gpu.nvidia.com/device=gpu-1', source: 'https://github.com/kubernetes-sigs/dra-driver-nvidia-gpu/issues/736' },
  { row: 'container not created', means: 'ContainerNotStarted', reason: 'CreateContainerError', said: 'failed to reserve container name "engine"; check if another CreateContainer request is in progress: name "engine" is reserved for "7c54f31e"', source: 'https://github.com/amazonlinux/amazon-linux-2023/issues/1097' },
];

export interface RecordedRefusal {
  readonly rows: readonly string[];
  readonly said: string;
  readonly source: string;
}

export const recordedRefusals: readonly RecordedRefusal[] = [
  { rows: ['no free GPU'], said: '0/1 nodes are available: 1 Insufficient nvidia.com/gpu. preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod..', source: 'https://github.com/NVIDIA/k8s-device-plugin/issues/430' },
  { rows: ['untolerated taint'], said: '0/1 nodes are available: 1 node(s) had untolerated taint {gpu: }. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling..', source: 'https://github.com/NVIDIA/k8s-device-plugin/issues/421' },
  { rows: ['untolerated taint', 'cordoned', 'affinity or selector'], said: '0/13 nodes are available: 2 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn\'t tolerate, 2 node(s) were unschedulable, 3 node(s) didn\'t match Pod\'s node affinity/selector.', source: 'https://github.com/os-climate/os_c_data_commons/issues/170' },
  { rows: ['too little CPU, memory or disk', 'affinity or selector'], said: '0/55 nodes are available: 19 Insufficient cpu, 36 node(s) didn\'t match Pod\'s node affinity/selector', source: 'https://github.com/yugabyte/yugabyte-db/pull/20349' },
  { rows: ['affinity or selector', 'claim on another node'], said: '0/10 nodes are available: 3 node(s) had volume node affinity conflict, 7 node(s) didn\'t match Pod\'s node affinity/selector. preemption: 0/10 nodes are available: 10 Preemption is not helpful for scheduling..', source: 'https://github.com/yugabyte/yugabyte-db/pull/20349' },
  { rows: ['claim unbound'], said: '0/4 nodes are available: 4 pod has unbound immediate PersistentVolumeClaims.', source: 'https://github.com/minio/directpv/issues/100' },
  { rows: ['claim missing'], said: '0/1 nodes are available: persistentvolumeclaim "models" not found. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.', source: 'pkg/scheduler/framework/plugins/volumebinding/volume_binding.go' },
  { rows: ['too many pods'], said: '0/1 nodes are available: 1 Too many pods.', source: 'pkg/scheduler/framework/plugins/noderesources/fit.go' },
];
