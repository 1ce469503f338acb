"""A GPU that failed is told from a bug of the engine, by sentences that people recorded."""

import pytest
import torch

from stun.device import open_device
from stun.errors import StunError
from stun.gpu_failures import naming_a_failed_gpu

DEBUGGING = "\nCUDA kernel errors might be asynchronously reported at some other API call."
# From the issues of PyTorch, vLLM and NVIDIA's device plugin.
FAILED = [
    "CUDA error: uncorrectable ECC error encountered",
    "CUDA error: uncorrectable NVLink error detected during the execution",
    "CUDA error: CUDA-capable device(s) is/are busy or unavailable",
    "CUDA error: all CUDA-capable devices are busy or unavailable",
    "CUDA error: no kernel image is available for execution on the device",
    "No CUDA GPUs are available",
    "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU",
    "cuda runtime error (802) : system not yet initialized",
    "Unexpected error from cudaGetDeviceCount(). Error 803: system has unsupported display driver "
    "/ cuda driver combination",
]
OTHERS = [
    "CUDA error: an illegal memory access was encountered",
    "CUDA error: device-side assert triggered",
    "mat1 and mat2 shapes cannot be multiplied",
]


@pytest.mark.parametrize("text", FAILED)
def test_a_gpu_that_failed_is_named(text: str) -> None:
    with pytest.raises(StunError) as raised, naming_a_failed_gpu():
        raise RuntimeError(text + DEBUGGING)
    assert (raised.value.reason, raised.value.exit_code) == ("GPUFailed", 6)
    assert text.rstrip(".") in raised.value.message
    assert "asynchronously" not in raised.value.message


@pytest.mark.parametrize("text", OTHERS)
def test_any_other_error_goes_on_as_it_is(text: str) -> None:
    with pytest.raises(RuntimeError, match="^" + text[:20]), naming_a_failed_gpu():
        raise RuntimeError(text)


def test_a_device_that_cannot_be_used_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def zeros(*_: object, **__: object) -> None:
        raise RuntimeError("The NVIDIA driver on your system is too old (found version 11040).")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch, "zeros", zeros)
    with pytest.raises(StunError, match=r"too old .found version 11040.; request") as raised:
        open_device("cuda")
    assert raised.value.exit_code == 6
