"""Zeroes weights by the scores of a method, one matrix in memory at a time."""

from collections.abc import Callable

import torch

from stun.errors import StunError
from stun.weights.magnitude import magnitude_scores
from stun.weights.select import entries_per_row, smallest_per_row
from stun.weights.statistics import InputStatistics
from stun.weights.wanda import wanda_scores

Scores = Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor]
METHODS: dict[str, Scores] = {"Wanda": wanda_scores, "Magnitude": magnitude_scores}


def prune_weights(
    weights: dict[str, torch.Tensor],
    names: list[str],
    statistics: InputStatistics,
    method: str,
    sparsity: float,
) -> None:
    """Sets the smallest entries of each row of the named matrices to zero.

    In place: beside a large layer there is no room on the GPU for a second one.
    """
    if method == "None" or sparsity == 0:
        return
    for name in names:
        scores = METHODS[method](weights[name], statistics.squares.get(name))
        if not bool(scores.isfinite().all()):
            raise StunError(
                "ModelCorrupt",
                f"{name} has weights or inputs that are not finite; copy the model again "
                "from its source.",
            )
        mask = smallest_per_row(scores, entries_per_row(scores.shape[1], sparsity))
        weights[name].masked_fill_(mask, 0)


def count_zeros(weights: dict[str, torch.Tensor], names: list[str]) -> int:
    return sum(int((weights[name] == 0).sum()) for name in names)
