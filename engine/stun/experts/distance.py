"""How alike two experts are."""

import torch
from torch.nn import functional

from stun.errors import NotFiniteError
from stun.experts.evidence import Evidence
from stun.experts.settings import Settings


def router_distance(rows: torch.Tensor) -> torch.Tensor:
    """Euclidean distance of each two rows over the layer's off-diagonal mean, [E, E] float64.

    pdist adds every pair's squares in the same order and without a matrix product, so equal rows
    come out exactly equal, which the tie rule needs. cdist's default does not.
    """
    pairs = functional.pdist(rows.detach().cpu().double())
    if not bool(pairs.isfinite().all()):
        raise NotFiniteError("The router")
    mean = pairs.mean() if len(pairs) else 0.0
    return symmetric(pairs / mean if mean > 0 else pairs, len(rows))


def symmetric(pairs: torch.Tensor, count: int) -> torch.Tensor:
    """[E, E] with a zero diagonal from its upper triangle, row by row."""
    full = pairs.new_zeros(count, count)
    low, high = torch.triu_indices(count, count, 1)
    full[low, high] = pairs
    full[high, low] = pairs
    return full


def expert_distance(evidence: Evidence, settings: Settings) -> torch.Tensor:
    """[E, E] float64: experts that share tokens are near, where coactivation has a weight."""
    distance = settings.router * router_distance(evidence.rows)
    if settings.coactivation:
        shared = evidence.gathered("coactivation").double()
        distance = distance - settings.coactivation * over_mean(shared)
    return distance


def over_mean(shared: torch.Tensor) -> torch.Tensor:
    """Over the off-diagonal mean; where no two experts share a token there is nothing to weigh."""
    count = len(shared)
    mean = shared.sum() / max(1, count * (count - 1))
    return shared / mean if mean > 0 else shared
