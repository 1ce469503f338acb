/**
 * What GPUs, drivers, CUDA and PyTorch said when they failed, each line as somebody recorded it, with the place where it can be read.
 *
 * Xid lines are kernel log: a pod shows them when its image, a node agent or its device plugin repeats them.
 */
import type { Retry } from '../failure/row.ts';

export interface RecordedText {
  readonly row: string;
  readonly reason: string;
  readonly retry: Retry;
  readonly said: string;
  readonly source: string;
}

const failed = { reason: 'GPUFailed', retry: 'Elsewhere' } as const;
const mayPass = { reason: 'GPUError', retry: 'Try' } as const;
const unavailable = { reason: 'GPUUnavailable', retry: 'Elsewhere' } as const;

const rm = 'https://github.com/NVIDIA/open-gpu-kernel-modules';
const gpud = 'https://github.com/leptonai/gpud';

export const recordedXids: readonly RecordedText[] = [
  { row: 'Xid 13', ...mayPass, source: `${gpud}/pull/46`, said: 'NVRM: Xid (PCI:0000:cb:00): 13, pid=\'<unknown>\', name=<unknown>, Graphics SM Warp Exception on (GPC 7, TPC 7, SM 0): Illegal Instruction Parameter' },
  { row: 'Xid 31', ...mayPass, source: 'https://github.com/pytorch/pytorch/issues/51382', said: 'NVRM: Xid (PCI:0000:db:00): 31, pid=13641, Ch 00000008, intr 00000000. MMU Fault: ENGINE GRAPHICS GPCCLIENT_T1_10 faulted @ 0x7fd7_90743000. Fault is of type FAULT_PDE ACCESS_TYPE_VIRT_READ' },
  { row: 'Xid 43', ...mayPass, source: 'https://github.com/pytorch/pytorch/issues/51382', said: 'NVRM: Xid (PCI:0000:3d:00): 43, pid=35521, Ch 00000008' },
  { row: 'Xid 45', ...mayPass, source: `${rm}/issues/1150`, said: 'NVRM: Xid (PCI:0000:dc:00): 45, pid=1818990, name=python3, Ch 00000001 caused by previous Xid 149' },
  { row: 'Xid 48', ...failed, source: 'https://github.com/NVIDIA/gpu-operator/issues/1146', said: 'NVRM: Xid (PCI:0000:07:00): 48, pid=\'<unknown>\', name=<unknown>, An uncorrectable double bit error (DBE) has been detected on GPU in the framebuffer at physAddr 0x7fffa8860 partition 7, subpartition 1.' },
  { row: 'Xid 62', ...failed, source: 'https://github.com/madMAx43v3r/chia-gigahorse/issues/301', said: 'NVRM: Xid (PCI:0000:0a:00): 62, pid=\'<unknown>\', name=<unknown>, 2023b230 20238a3a 2023e8b6 2023eac4 2023ec3c 2023ea86 00000000 00000000' },
  { row: 'Xid 63', ...mayPass, source: 'https://docs.nvidia.com/deploy/dynamic-page-retirement/visibility.html', said: 'XID 63 Dynamic Page Retirement: New retired page, reload the driver to activate. (<address>)' },
  { row: 'Xid 64', ...failed, source: 'https://github.com/NVIDIA/gpu-operator/issues/1146', said: 'NVRM: Xid (PCI:0000:07:00): 64, pid=\'<unknown>\', name=<unknown>, Dynamic Page Retirement: Blacklisting failed.  Page should have been blacklisted on boot(0x00000000007fffa8).' },
  { row: 'Xid 74', ...failed, source: 'https://github.com/NVIDIA/NVSentinel/pull/516', said: 'NVRM: Xid (PCI:0003:00:00): 74, pid=\'<unknown>\', name=<unknown>, NVLink: fatal error detected on link 14(0x0, 0x0, 0x10000, 0x0, 0x0, 0x0, 0x0)' },
  { row: 'Xid 79', ...failed, source: 'https://github.com/NVIDIA/NVSentinel/issues/155', said: 'NVRM: Xid (PCI:0000:44:00): 79, GPU has fallen off the bus' },
  { row: 'Xid 92', ...mayPass, source: 'https://plexus.company/guides/gpu-xid-errors/92', said: 'NVRM: Xid (PCI:0000:65:00): 92, pid=\'N/A\', High single-bit ECC error rate' },
  { row: 'Xid 94', ...mayPass, source: `${rm}/blob/main/src/nvidia/src/kernel/gpu/arch/ampere/kern_gpu_error_cont_ga100.c`, said: 'NVRM: Xid (PCI:0000:01:00): 94, pid=7062, Contained: CE User Channel (0x9). RST: No, D-RST: No' },
  { row: 'Xid 95', ...failed, source: `${rm}/blob/main/src/nvidia/src/kernel/gpu/arch/ampere/kern_gpu_error_cont_ga100.c`, said: 'NVRM: Xid (PCI:0000:01:00): 95, pid=7062, Uncontained: LTC TAG (0x2,0x0). RST: Yes, D-RST: No' },
  { row: 'Xid 109', ...failed, source: `${gpud}/pull/46`, said: 'NVRM: Xid (PCI:0000:cb:00): 109, pid=1797828, name=pt_main_thread, Ch 00000008, errorString CTX SWITCH TIMEOUT, Info 0x58005' },
  { row: 'Xid 119', ...failed, source: `${gpud}/blob/main/components/accelerator/nvidia/xid/testdata/dmesg-with-xid-119.log`, said: 'NVRM: Xid (PCI:0000:9b:00): 119, pid=1240590, name=gpud, Timeout after 6s of waiting for RPC response from GPU4 GSP! Expected function 76 (GSP_RM_CONTROL) (0x20803032 0x58c).' },
  { row: 'Xid 140', ...failed, source: 'https://github.com/llm-jp/nii-sakura-cluster-configs', said: 'NVRM: Xid (PCI:0000:2a:00): 140, pid=\'<unknown>\', name=<unknown>, An uncorrectable ECC error detected (possible firmware handling failure) DRAM:0, LTC:0, MMU:0, PCIE:0' },
  { row: 'other Xid', ...mayPass, source: `${gpud}/pull/1174`, said: 'NVRM: Xid (PCI:0018:01:00): 145, RLW_RXPIPE Nonfatal XC0 i0 Link 13 (0x0409a0c2 0x00000008 0x00000001 0x00000000 0x00100000 0x00000004)' },
  { row: 'other Xid', ...mayPass, source: 'https://github.com/NVIDIA/k8s-device-plugin/issues/259', said: 'XidCriticalError: Xid=999 on Device=GPU-XXXX' },
];

export const recordedErrors: readonly RecordedText[] = [
  { row: 'uncorrectable ECC error', ...failed, source: 'https://github.com/vllm-project/vllm/issues/5222', said: 'RuntimeError: CUDA error: uncorrectable ECC error encountered' },
  { row: 'uncorrectable ECC error', ...failed, source: 'https://github.com/NVIDIA/semantic-segmentation/issues/33', said: 'RuntimeError: cuda runtime error (39) : uncorrectable ECC error encountered at /pytorch/aten/src/THC/THCCachingHostAllocator.cpp:265' },
  { row: 'uncorrectable NVLink error', ...failed, source: 'https://github.com/NVIDIA/srt-slurm/pull/307', said: 'CUDA error: uncorrectable NVLink error detected during the execution' },
  { row: 'GPU lost', ...failed, source: 'https://github.com/NVIDIA/k8s-device-plugin/issues/231', said: 'Unable to determine the device handle for GPU 0000:C1:00.0: GPU is lost.  Reboot the system to recover this GPU' },
  { row: 'fabric manager not running', ...unavailable, source: 'https://github.com/torch/torch7/issues/1219', said: 'RuntimeError: cuda runtime error (802) : system not yet initialized at /opt/conda/conda-bld/pytorch_1579022034529/work/aten/src/THC/THCGeneral.cpp:50' },
  { row: 'driver and CUDA do not fit', ...unavailable, source: 'https://github.com/llm-d/llm-d/issues/706', said: 'RuntimeError: Unexpected error from cudaGetDeviceCount(). Did you run some cuda functions before calling NumCudaDevices() that might have already set an error? Error 803: system has unsupported display driver / cuda driver combination' },
  { row: 'driver and CUDA do not fit', ...unavailable, source: 'https://github.com/diux-dev/cluster/issues/17', said: 'Failed to initialize NVML: Driver/library version mismatch' },
  { row: 'no kernels for this GPU', ...unavailable, source: 'https://github.com/zai-org/CodeGeeX/issues/118', said: 'RuntimeError: CUDA error: no kernel image is available for execution on the device' },
  { row: 'GPU busy', ...unavailable, source: 'https://github.com/pytorch/pytorch/issues/100691', said: 'RuntimeError: CUDA error: CUDA-capable device(s) is/are busy or unavailable' },
  { row: 'GPU busy', ...unavailable, source: 'https://github.com/pytorch/pytorch/issues/58824', said: 'RuntimeError: CUDA error: all CUDA-capable devices are busy or unavailable' },
  { row: 'no GPU visible', ...unavailable, source: 'https://github.com/vllm-project/vllm/issues/3019', said: 'RuntimeError: No CUDA GPUs are available' },
  { row: 'no GPU visible', ...unavailable, source: 'https://github.com/diux-dev/cluster/issues/17', said: 'RuntimeError: cuda runtime error (38) : no CUDA-capable device is detected at torch/csrc/cuda/Module.cpp:32' },
  { row: 'no GPU visible', ...unavailable, source: 'torch 2.15.0, torch.cuda.init() on a machine without a driver', said: 'RuntimeError: Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver from http://www.nvidia.com/Download/index.aspx' },
  { row: 'CUDA out of memory', reason: 'OutOfGPUMemory', retry: 'Try', source: 'https://github.com/pytorch/pytorch/issues/16417', said: 'torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 22.00 MiB. GPU 0 has a total capacity of 23.65 GiB of which 11.06 MiB is free. Including non-PyTorch memory, this process has 23.60 GiB memory in use.' },
  { row: 'NCCL error', ...mayPass, source: 'https://github.com/NVIDIA/nccl/issues/1410', said: 'torch.distributed.DistBackendError: NCCL error in: ../torch/csrc/distributed/c10d/NCCLUtils.hpp:275, unhandled cuda error (run with NCCL_DEBUG=INFO for details), NCCL version 2.20.5\nncclUnhandledCudaError: Call to CUDA function failed.\nLast error:\nCuda failure 1 \'invalid argument\'' },
  { row: 'illegal memory access', ...mayPass, source: 'https://github.com/QwenLM/Qwen-VL/issues/142', said: 'RuntimeError: CUDA error: an illegal memory access was encountered' },
  { row: 'illegal memory access', ...mayPass, source: 'https://github.com/h2oai/h2ogpt/issues/490', said: 'RuntimeError: CUDA error: unspecified launch failure' },
  { row: 'other CUDA error', ...mayPass, source: 'https://github.com/pytorch/pytorch/issues/51382', said: 'RuntimeError: cuDNN error: CUDNN_STATUS_INTERNAL_ERROR' },
];

/** Of containers that never ran: the runtime's own words, with exit code 128. */
export const recordedStarts: readonly RecordedText[] = [
  { row: 'container runtime cannot give the GPU', ...unavailable, source: 'https://github.com/NVIDIA/nvidia-container-toolkit/issues/173', said: 'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: error running hook #0: error running hook: exit status 1, stdout: , stderr: nvidia-container-cli.real: initialization error: driver error: failed to process request: unknown' },
  { row: 'container runtime cannot give the GPU', ...unavailable, source: 'https://github.com/NVIDIA/nvidia-container-toolkit/issues/1239', said: 'failed to create containerd task: failed to create shim task: OCI runtime create failed: could not apply required modification to OCI specification: error modifying OCI spec: failed to inject CDI devices: unresolvable CDI devices management.nvidia.com/gpu=GPU-e78e68c0-4e6a-737e-f9cc-4223fe50aead' },
  { row: 'container could not start', reason: 'ContainerNotStarted', retry: 'Try', source: 'https://github.com/TangleML/tangle/issues/3', said: 'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "sh - -c": no such file or directory: unknown' },
];
