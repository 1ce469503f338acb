"""Sequences whose log-likelihood is wanted: what perplexity and multiple choice have in common."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Scored:
    """Sequences of one padded length whose tokens start..stop are scored.

    ids is [N, length] int64, padded at the right: attention is causal, so what follows a
    token changes nothing of it. start and stop are [N] int64, 1 <= start < stop <= length;
    what is wanted is the sum of log p(ids[t] | ids[:t]) over start <= t < stop.
    """

    ids: Tensor
    start: Tensor
    stop: Tensor


def whole(ids: Tensor) -> Scored:
    """Every token but the first, which nothing precedes."""
    count, length = ids.shape
    return Scored(ids, torch.ones(count, dtype=torch.int64), torch.full((count,), length))
