"""Makes one expert of each cluster: its most typical member, or the mean of its members."""

from dataclasses import dataclass

import torch

from stun.families import Family

Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class ReducedLayer:
    """A layer with its experts renumbered, and the ids that they had before."""

    weights: Weights
    kept: list[int]


def reduce_experts(
    weights: Weights, family: Family, clusters: list[list[int]], reconstruct: bool
) -> ReducedLayer:
    """Keeps one expert a cluster, in the order of the ids that are kept."""
    kept = {representative(weights, family, cluster, reconstruct): cluster for cluster in clusters}
    ids = sorted(kept)
    reduced = {name: tensor for name, tensor in weights.items() if not is_expert_part(name, family)}
    for position, expert in enumerate(ids):
        members = kept[expert] if reconstruct else [expert]
        for old, new in zip(
            zip(*(family.expert_names(member) for member in members), strict=True),
            family.expert_names(position),
            strict=True,
        ):
            reduced[new] = mean([weights[name] for name in old])
    rows = weights[family.router]
    chosen = [kept[expert] if reconstruct else [expert] for expert in ids]
    reduced[family.router] = torch.stack([mean([rows[m] for m in members]) for members in chosen])
    return ReducedLayer(reduced, ids)


def is_expert_part(name: str, family: Family) -> bool:
    return name == family.router or name.startswith(family.expert_prefix.split("{")[0])


def mean(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Exact for one tensor; otherwise summed in float64 and rounded once."""
    if len(tensors) == 1:
        return tensors[0]
    total = torch.zeros_like(tensors[0], dtype=torch.float64)
    for tensor in tensors:
        total += tensor
    return (total / len(tensors)).to(tensors[0].dtype)


def representative(weights: Weights, family: Family, cluster: list[int], reconstruct: bool) -> int:
    """The member nearest the cluster's mean over all its weights; ties go to the lower index.

    Of two members neither is nearer by definition; computing it would let rounding decide.
    """
    if reconstruct or len(cluster) <= 2:
        return cluster[0]
    squares = torch.zeros(len(cluster), dtype=torch.float64)
    for names in zip(*(family.expert_names(member) for member in cluster), strict=True):
        centre = torch.stack([weights[name] for name in names]).double().mean(dim=0)
        for position, name in enumerate(names):
            squares[position] += (weights[name].double() - centre).square().sum().cpu()
    return cluster[int(squares.argmin())]
