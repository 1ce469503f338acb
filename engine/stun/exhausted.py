"""Says what a run ran out of GPU memory on, and what would take less of it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from stun.errors import StunError
from stun.gpu_failures import naming_a_failed_gpu
from stun.memory import estimate_memory
from stun.passes.context import Context

GIB = 1 << 30
SHORTER = "use shorter sequences or a GPU with more memory"
LARGER = "use a GPU with more memory"
# For each item of the estimate: what it is, and the remedy.
ITEMS = {
    "layer": ("the weights of one layer", LARGER),
    "float32": ("the float32 copy of a layer outside its experts", LARGER),
    "states": (
        "the hidden states of the calibration and quality data",
        "use fewer or shorter samples, fewer questions or a GPU with more memory",
    ),
    "masks": ("attention masks", SHORTER),
    "work": ("a batch in a layer, or a matrix being pruned", SHORTER),
    "embedding": ("the embedding", LARGER),
    "outside": ("the embedding or the output matrix", LARGER),
    "overhead": ("CUDA itself", LARGER),
}


@contextmanager
def naming_the_largest(context: Context) -> Iterator[None]:
    """Turns a run out of GPU memory into a sentence that names the largest item of its estimate.

    A GPU that fails is named too.
    """
    try:
        with naming_a_failed_gpu():
            yield
    except torch.OutOfMemoryError as error:
        raise StunError("OutOfGPUMemory", explain(estimate_memory(context))) from error


def explain(estimate: dict[str, int]) -> str:
    size, item = max((estimate[item], item) for item in ITEMS)
    name, remedy = ITEMS[item]
    return (
        f"The GPU's memory is exhausted. Of at most {estimate['total'] / GIB:.1f} GiB that this "
        f"run takes, {size / GIB:.1f} are {name}; {remedy}."
    )
