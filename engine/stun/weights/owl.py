"""OWL (Yin et al. 2024, section 3): layers with more outliers keep more of their weights.

A layer's outlier ratio is the share, in percent, of its Wanda scores that lie above M times
their mean, over all its prunable matrices together.
"""

from collections.abc import Iterator

import torch

from stun.families import Linear, Weights
from stun.weights.prune import check_finite
from stun.weights.statistics import InputStatistics
from stun.weights.wanda import wanda_scores


def outlier_ratio(
    weights: Weights, linears: list[Linear], statistics: InputStatistics, m: float
) -> float:
    """Percent of the layer's scores above `m` times the layer's mean score.

    Twice through the matrices: all scores of a large layer at once would not fit beside it.
    """
    count = sum(linear.view(weights).numel() for linear in linears)
    total = sum(float(s.sum(dtype=torch.float64)) for s in scores(weights, linears, statistics))
    limit = m * total / count
    above = sum(int((s > limit).sum()) for s in scores(weights, linears, statistics))
    return 100 * above / count


def scores(
    weights: Weights, linears: list[Linear], statistics: InputStatistics
) -> Iterator[torch.Tensor]:
    """Wanda's scores; those of an expert that no token reached are zero, as their inputs were."""
    for linear in linears:
        matrix = linear.view(weights)
        squares = statistics.of(linear)
        unseen = torch.zeros(matrix.shape[1], dtype=torch.float64, device=matrix.device)
        found = wanda_scores(matrix, unseen if squares is None else squares)
        check_finite(linear.name, found)
        yield found


def layer_sparsities(
    ratios: list[float], sizes: list[int], sparsity: float, spread: float
) -> list[float]:
    """The sparsity of each layer; weighted by size their mean is `sparsity`.

    The spread is lowered where a layer would otherwise leave 0 to 1: cutting it off there, as
    the published code does, would miss the overall target.
    """
    low, high = min(ratios), max(ratios)
    if high == low:
        return [sparsity] * len(ratios)
    spread = min(spread, sparsity, 1 - sparsity)
    raw = [2 * (ratio - low) / (high - low) for ratio in ratios]
    mean = sum(r * size for r, size in zip(raw, sizes, strict=True)) / sum(sizes)
    shift = [r - mean for r in raw]
    spread = min(spread, sparsity / max(shift), (1 - sparsity) / -min(shift))
    return [sparsity - spread * s for s in shift]
