"""Selects the k smallest scores of each row without sorting it."""

import math

import torch


def entries_per_row(inputs: int, sparsity: float) -> int:
    """Pinned: floor(in * u + 1e-9); the addend keeps 0.3 * 10 from becoming 2."""
    return math.floor(inputs * sparsity + 1e-9)


def smallest_per_row(scores: torch.Tensor, count: int) -> torch.Tensor:
    """A mask of the `count` smallest of each row; ties go to the lower index."""
    if count == 0:
        return torch.zeros_like(scores, dtype=torch.bool)
    limit = scores.kthvalue(count, dim=1, keepdim=True).values
    mask = scores <= limit
    # Few rows have more ties than room, and counting along a row costs as much as selecting.
    tied = (mask.count_nonzero(dim=1) > count).nonzero().flatten()
    if len(tied):
        mask[tied] = cut_ties(scores[tied], limit[tied], count)
    return mask


def cut_ties(scores: torch.Tensor, limit: torch.Tensor, count: int) -> torch.Tensor:
    below, ties = scores < limit, scores == limit
    room = count - below.sum(dim=1, keepdim=True)
    return below | (ties & (ties.cumsum(dim=1) <= room))
