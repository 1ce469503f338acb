"""Zeroes weights by the scores of a method, one matrix in memory at a time."""

from collections.abc import Callable

import torch

from stun.errors import NotFiniteError
from stun.families import Linear, Weights
from stun.weights.magnitude import magnitude_scores
from stun.weights.select import entries_per_row, smallest_per_row
from stun.weights.statistics import InputStatistics
from stun.weights.wanda import wanda_scores

Scores = Callable[[torch.Tensor, torch.Tensor | None], torch.Tensor]
# OWL scores as Wanda does; it only divides the zeros otherwise among the layers.
METHODS: dict[str, Scores] = {
    "Wanda": wanda_scores,
    "OWL": wanda_scores,
    "Magnitude": magnitude_scores,
}


def prune_weights(
    weights: Weights,
    linears: list[Linear],
    statistics: InputStatistics,
    method: str,
    sparsity: float,
) -> None:
    """Sets the smallest entries of each row of these matrices to zero.

    In place: beside a large layer there is no room on the GPU for a second one.
    """
    if method == "None" or sparsity == 0:
        return
    for linear in linears:
        matrix = linear.view(weights)
        squares = None if method == "Magnitude" else statistics.of(linear)
        scores = METHODS[method](matrix, squares)
        check_finite(linear.name, scores)
        mask = smallest_per_row(scores, entries_per_row(scores.shape[1], sparsity))
        matrix.masked_fill_(mask, 0)


def check_finite(name: str, scores: torch.Tensor) -> None:
    if not bool(scores.isfinite().all()):
        raise NotFiniteError(name)


def count_zeros(weights: Weights, linears: list[Linear]) -> int:
    return sum(int((linear.view(weights) == 0).sum()) for linear in linears)
