/**
 * Failures of a GPU, its driver or its runtime, known by their words: no Kubernetes reason tells them apart.
 *
 * Xids follow the immediate action of NVIDIA's catalog (https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html): what is
 * mended by starting the application again may run anywhere, what needs a reset or a reboot must not meet the same GPU again.
 */
import type { Row } from './row.ts';

const catalog = 'https://docs.nvidia.com/deploy/xid-errors/';

/** As the driver logs it, and as device plugins and node agents repeat it. */
function xid(code: number | string): RegExp {
  return new RegExp(`\\bXid(?: \\(PCI:[^)]*\\):|=| )\\s*(?:${code})\\b`, 'i');
}

function failed(name: string, signs: RegExp, what: string, remedy = 'Cordon the node and reset the GPU or reboot; have a GPU that fails again replaced.'): Row {
  return { name, signs: { text: signs }, reason: 'GPUFailed', retry: 'Elsewhere', what, remedy };
}

function mayPass(name: string, signs: RegExp, what: string, remedy: string): Row {
  return { name, signs: { text: signs }, reason: 'GPUError', retry: 'Try', what, remedy };
}

function unavailable(name: string, signs: RegExp, what: string, remedy: string): Row {
  return { name, signs: { text: signs }, reason: 'GPUUnavailable', retry: 'Elsewhere', what, remedy };
}

const faulty = 'If it comes again on the same node alone, its GPU is suspect; if on others too, report the engine\'s log.';

const xids: readonly Row[] = [
  mayPass('Xid 13', xid(13), 'The GPU stopped a kernel (Xid 13)', faulty),
  mayPass('Xid 31', xid(31), 'A kernel touched memory that is not its own (Xid 31)', faulty),
  mayPass('Xid 43', xid(43), 'The GPU stopped the engine\'s work (Xid 43)', faulty),
  mayPass('Xid 45', xid(45), 'The driver cleaned up after an earlier error (Xid 45)', `Look for the Xid before it in the node's kernel log: ${catalog}.`),
  failed('Xid 48', xid(48), 'The GPU\'s memory had an uncorrectable error (Xid 48)'),
  failed('Xid 62', xid(62), 'The GPU\'s micro-controller halted (Xid 62)'),
  mayPass('Xid 63', xid(63), 'The GPU remapped a bad row of its memory (Xid 63)', 'The run may go on; reset the GPU when it is idle, so that the row is no longer used.'),
  failed('Xid 64', xid(64), 'The GPU could not remap a bad row of its memory (Xid 64)'),
  failed('Xid 74', xid(74), 'A link between GPUs failed (NVLink, Xid 74)', 'Cordon the node; look at the link (nvidia-smi nvlink -e) and reset the GPUs.'),
  failed('Xid 79', xid(79), 'The GPU has fallen off the bus (Xid 79)', 'Cordon the node and reboot it; look at power, heat and seat of a GPU that falls off again.'),
  mayPass('Xid 92', xid(92), 'The GPU corrects many single-bit errors (Xid 92)', 'The run may go on; run NVIDIA\'s field diagnostics when the node is idle.'),
  mayPass('Xid 94', xid(94), 'A memory error took only this application (Xid 94)', 'It starts again; reset the GPU when it is idle.'),
  failed('Xid 95', xid(95), 'A memory error took every application of the GPU (Xid 95)'),
  failed('Xid 109', xid(109), 'The GPU did not switch contexts in time (Xid 109)'),
  failed('Xid 119', xid('119|120'), 'The GPU\'s system processor does not answer (Xid 119)'),
  failed('Xid 140', xid(140), 'The GPU\'s memory had an error that nothing recovers (Xid 140)'),
  mayPass('other Xid', xid('\\d+'), 'The GPU\'s driver reports an error', `Look the Xid up: ${catalog}.`),
];

/** What CUDA and PyTorch say in the process itself, mostly after an Xid that only the node's kernel log has. */
const errors: readonly Row[] = [
  failed('uncorrectable ECC error', /uncorrectable ECC error/i, 'The GPU\'s memory had an uncorrectable error'),
  failed('uncorrectable NVLink error', /uncorrectable NVLink error/i, 'A link between GPUs failed', 'Cordon the node; look at the link (nvidia-smi nvlink -e) and reset the GPUs.'),
  failed('GPU lost', /GPU is lost|fallen off the bus/i, 'The GPU is gone from its bus', 'Cordon the node and reboot it; look at power, heat and seat of a GPU that falls off again.'),
  unavailable('fabric manager not running', /system not yet initialized|Error 802\b/i, 'The GPUs\' fabric is not up', 'Start NVIDIA\'s fabric manager on the node, in the driver\'s own version.'),
  unavailable('driver and CUDA do not fit', /driver version is insufficient|driver on your system is too old|unsupported display driver|forward compatibility was attempted|version mismatch/i, 'The node\'s driver does not fit the engine\'s CUDA', 'Update the driver of the node, or name an image for an older CUDA in runner.image.'),
  unavailable('no kernels for this GPU', /no kernel image is available/i, 'The engine\'s image has no kernels for this kind of GPU', 'Name the kinds it has in runner.gpuProducts, or another runner.image.'),
  unavailable('GPU busy', /devices? ?(?:\(s\))? ?(?:is\/)?are busy or unavailable/i, 'The GPU is held by another process, or in a mode that keeps it', 'Look at it on the node (nvidia-smi): what holds it, its compute mode, its MIG mode.'),
  unavailable('no GPU visible', /no CUDA-capable device|No CUDA GPUs are available|no GPU is visible|no NVIDIA driver/i, 'The container sees no GPU', 'Check the node\'s NVIDIA container runtime (runtimeClassName in runner.podTemplate) and its GPUs (nvidia-smi).'),
  unavailable('container runtime cannot give the GPU', /nvidia-container-cli|unresolvable CDI devices?|nvidia-container-runtime/i, 'The node\'s container runtime could not give the container its GPU', 'Look at the node\'s driver (nvidia-smi) and NVIDIA container toolkit; cordon the node until they work.'),
  { ...mayPass('CUDA out of memory', /CUDA out of memory|CUDA error: out of memory|CUBLAS_STATUS_ALLOC_FAILED/i, 'The GPU\'s memory is exhausted', 'Use fewer or shorter samples, or a GPU with more memory; nothing else may run on the GPU.'), reason: 'OutOfGPUMemory' },
  mayPass('NCCL error', /NCCL error|nccl(?:UnhandledCuda|System|Internal|Remote)Error/i, 'The GPUs\' communication failed (NCCL)', `NCCL_DEBUG=INFO in runner.podTemplate tells more. ${faulty}`),
  mayPass('illegal memory access', /illegal memory access|misaligned address|illegal instruction|unspecified launch failure|invalid program counter/i, 'A kernel failed on the GPU', `The node's kernel log has the Xid. ${faulty}`),
  mayPass('other CUDA error', /CUDA error:|CUDNN_STATUS_|CUBLAS_STATUS_/i, 'A call of CUDA failed', faulty),
];

export const gpuFailures: readonly Row[] = [...xids, ...errors];
