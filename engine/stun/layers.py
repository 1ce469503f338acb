"""Reads decoder layers in order, the next one while the present one is computed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import torch

from stun.checkpoint import Checkpoint
from stun.families import Family

Weights = dict[str, torch.Tensor]


def layer_names(checkpoint: Checkpoint, family: Family, index: int) -> list[str]:
    prefix = family.layer(index)
    return [name for name in checkpoint.tensors if name.startswith(prefix)]


def read_layer(checkpoint: Checkpoint, family: Family, index: int) -> Weights:
    """One layer's tensors under their names relative to the layer."""
    prefix = family.layer(index)
    found = checkpoint.read(layer_names(checkpoint, family, index))
    return {name.removeprefix(prefix): tensor for name, tensor in found.items()}


def stream_layers(
    checkpoint: Checkpoint, family: Family, device: torch.device
) -> Iterator[tuple[int, Weights]]:
    """Layers with their weights on the device; two layers at most are in memory."""
    count = checkpoint.config.layers
    pool = ThreadPoolExecutor(1, thread_name_prefix="read")
    try:
        coming = pool.submit(read_layer, checkpoint, family, 0)
        for index in range(count):
            weights = coming.result()
            if index + 1 < count:
                coming = pool.submit(read_layer, checkpoint, family, index + 1)
            yield index, {name: tensor.to(device) for name, tensor in weights.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def read_one(checkpoint: Checkpoint, name: str, device: torch.device) -> torch.Tensor:
    return checkpoint.read([name])[name].to(device)


def read_head(
    checkpoint: Checkpoint, family: Family, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """The final norm and the output matrix, which tied models share with the embedding."""
    head = family.embedding if checkpoint.config.tied else family.head
    norm = read_one(checkpoint, family.final_norm, device)
    return norm, read_one(checkpoint, head, device)
