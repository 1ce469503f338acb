"""Reads decoder layers in order, the next one while the present one is computed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import torch

from stun.checkpoint import Checkpoint
from stun.families import Family, Weights
from stun.flow import Head
from stun.model.skeleton import Skeleton


def read_layer(checkpoint: Checkpoint, family: Family, index: int) -> Weights:
    """One layer's tensors under their names relative to the layer."""
    prefix = family.layer(index)
    found = checkpoint.read(checkpoint.by_layer[index])
    return {name.removeprefix(prefix): tensor for name, tensor in found.items()}


def stream_layers(
    checkpoint: Checkpoint, family: Family, device: torch.device, first: int = 0
) -> Iterator[tuple[int, Weights]]:
    """Layers from `first` with their weights on the device; two at most are in memory."""
    count = checkpoint.config.layers
    pool = ThreadPoolExecutor(1, thread_name_prefix="read")
    try:
        coming = pool.submit(read_layer, checkpoint, family, first) if first < count else None
        for index in range(first, count):
            assert coming is not None
            read = coming.result()
            if index + 1 < count:
                coming = pool.submit(read_layer, checkpoint, family, index + 1)
            # One by one, so that nothing here keeps what the caller lets go of.
            yield index, {name: read.pop(name).to(device) for name in list(read)}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def read_one(checkpoint: Checkpoint, name: str, device: torch.device) -> torch.Tensor:
    return checkpoint.read([name])[name].to(device)


def head_names(checkpoint: Checkpoint, family: Family) -> list[str]:
    """The tensors of the final norm and the output matrix; tied models share the embedding."""
    found = [name for name in checkpoint.tensors if name.startswith(family.final_norm)]
    if checkpoint.config.tied:
        return [*found, family.embedding]
    return found + [name for name in checkpoint.tensors if name.startswith(family.head)]


def make_head(checkpoint: Checkpoint, skeleton: Skeleton, tensors: Weights) -> Head:
    """From the tensors of head_names, on their device."""
    family = skeleton.family
    weight = family.embedding if checkpoint.config.tied else family.head + "weight"
    norm = {name: found for name, found in tensors.items() if name.startswith(family.final_norm)}
    return Head(skeleton.fill_norm(norm), tensors[weight], tensors.get(family.head + "bias"))
