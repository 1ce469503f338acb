"""Tells a GPU that failed from a bug of the engine by the words of CUDA; elsewhere it may do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from stun.errors import StunError

# What only another GPU, driver or container runtime mends. An illegal memory access is none of
# it: that is more often a bug, so it stays an unexpected failure, which is retried anywhere.
FAILED = re.compile(
    r"uncorrectable (ECC|NVLink) error|GPU is lost|fallen off the bus|busy or unavailable"
    r"|no CUDA-capable device|No CUDA GPUs are available|no NVIDIA driver|no kernel image"
    r"|driver version is insufficient|driver on your system is too old|system not yet initialized"
    r"|unsupported display driver|forward compatibility was attempted",
    re.IGNORECASE,
)


@contextmanager
def naming_a_failed_gpu() -> Iterator[None]:
    """Turns an error of a GPU that failed into one that says so; any other goes on as it is."""
    try:
        yield
    except RuntimeError as error:
        if not FAILED.search(str(error)):
            raise
        raise StunError("GPUFailed", explain_failure(str(error))) from error


def explain_failure(text: str) -> str:
    """CUDA's first line says what happened, the others how to debug a kernel."""
    said = text.strip().splitlines()[0].rstrip(".")
    return f"The GPU failed: {said}. Run on another GPU, and look at this one with nvidia-smi."
