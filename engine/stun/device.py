"""The device that computes, checked before anything is read for it."""

import os

import torch

from stun.errors import StunError


def open_device(name: str) -> torch.device:
    if name == "cuda":
        if not torch.cuda.is_available():
            raise StunError(
                "RecipeInvalid",
                "--device cuda was given but no GPU is visible here; request nvidia.com/gpu for "
                "the pod or write runner.device: cpu.",
            )
        # Without it cuBLAS may pick another algorithm on the next run.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    return torch.device(name)


def device_name(device: torch.device) -> str:
    """The kind of machine: another one may choose other kernels, and so other last bits."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} {torch.backends.cpu.get_cpu_capability()}"
