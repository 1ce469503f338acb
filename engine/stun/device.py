"""The device that computes, checked before anything is read for it."""

import os

import torch

from stun.errors import StunError


def open_device(name: str) -> torch.device:
    if name == "cuda":
        if not torch.cuda.is_available():
            raise StunError(
                "GPUFailed",
                f"--device cuda was given but no GPU can be used here: {why_unusable()}; request "
                "nvidia.com/gpu for the pod, look at the node's driver and container runtime with "
                "nvidia-smi, or write runner.device: cpu.",
            )
        # Without it cuBLAS may pick another algorithm on the next run.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return torch.device(name)


def why_unusable() -> str:
    """In CUDA's words: no driver, a driver that is too old, a device that is lost."""
    try:
        torch.zeros(1, device="cuda")
    except (RuntimeError, AssertionError) as error:
        return str(error).strip().splitlines()[0].rstrip(".")
    return "CUDA sees none"


def device_name(device: torch.device) -> str:
    """The kind of machine: another one may choose other kernels, and so other last bits."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {torch.backends.cpu.get_cpu_capability()}"
