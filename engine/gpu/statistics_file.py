"""The statistics of one layer as a file, so that two devices can prune from the very same sums.

End to end the devices differ in the last bits of products, and so in what they gather. The
masks are a function of weights and statistics alone; that function is compared here.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from stun.families import Linear, Weights
from stun.weights.prune import prune_weights
from stun.weights.statistics import InputStatistics

Masks = dict[str, torch.Tensor]


def save_statistics(statistics: InputStatistics, path: Path) -> None:
    """The sum of squares of the inputs of each Linear, [in] float64 under the Linear's name."""
    # Linears that see the same states share one tensor, which the format refuses.
    tensors = {name: squares.cpu().clone() for name, squares in statistics.squares.items()}
    save_file(tensors, path)


def load_statistics(path: Path, device: torch.device) -> InputStatistics:
    statistics = InputStatistics()
    statistics.squares = load_file(path, str(device))
    return statistics


def prune_from_file(
    weights: Weights,
    linears: list[Linear],
    path: Path,
    method: str,
    sparsity: float,
    device: torch.device,
) -> Masks:
    """What is zero afterwards, for each Linear [out, in] on the CPU; `weights` stay as they are."""
    copied = {name: tensor.to(device, copy=True) for name, tensor in weights.items()}
    prune_weights(copied, linears, load_statistics(path, device), method, sparsity)
    return {linear.name: (linear.view(copied) == 0).cpu() for linear in linears}
