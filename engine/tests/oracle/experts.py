"""Which experts stay, and the model that has no others."""

import copy
import math
from itertools import combinations
from typing import Any

import torch
from torch import nn

from .parts import block_of, layers_of, router_of
from .question import Question

COUNTS = ("num_local_experts", "num_experts", "n_routed_experts")


def base_distance(rows: torch.Tensor) -> list[list[float]]:
    wide = rows.double()
    count = len(rows)
    raw = [
        [float((wide[i] - wide[j]).pow(2).sum().sqrt()) for j in range(count)] for i in range(count)
    ]
    off = [raw[i][j] for i in range(count) for j in range(count) if i != j]
    mean = sum(off) / len(off)
    return [[value / mean for value in line] for line in raw]


def cluster(rows: torch.Tensor, wanted: int) -> list[list[int]]:
    """Complete linkage by comparing all members of all pairs of clusters at every step."""
    distance = base_distance(rows)
    clusters = [[index] for index in range(len(rows))]
    while len(clusters) > wanted:
        best = min(
            combinations(clusters, 2),
            key=lambda pair: (
                max(distance[x][y] for x in pair[0] for y in pair[1]),
                min(pair[0]),
                min(pair[1]),
            ),
        )
        clusters = [c for c in clusters if c not in best] + [sorted(best[0] + best[1])]
        clusters.sort(key=min)
    return clusters


def nearest_to_mean(experts: nn.Module, members: list[int]) -> int:
    if len(members) == 2:
        return members[0]  # both are equally far from the middle
    flat = torch.stack(
        [torch.cat([p[member].flatten() for p in experts.parameters()]) for member in members]
    ).double()
    far = (flat - flat.mean(dim=0)).pow(2).sum(dim=1).tolist()
    return members[far.index(min(far))]


def remove_experts(
    model: Any, question: Question, dtype: torch.dtype
) -> tuple[Any, list[list[int]]]:
    """A model with fewer experts, filled from this one."""
    config, before = copy.deepcopy(model.config), 0
    text = config.get_text_config()
    for key in COUNTS:
        if key in text.to_dict():
            before = getattr(text, key)
            wanted = before - math.floor(before * question.ratio + 0.5)
            setattr(text, key, wanted)
    state = dict(model.state_dict())
    kept: list[list[int]] = []
    prefixes = {id(part): name for name, part in model.named_modules()}
    for layer in layers_of(model):
        block = block_of(layer)
        if block is None:
            kept.append([])
            continue
        groups = choose(block, wanted, question.reconstruct)
        for part in (block.experts, router_of(block)):
            for name in part.state_dict():
                full = f"{prefixes[id(part)]}.{name}"
                state[full] = torch.stack([mean(state[full], g, dtype) for g in groups.values()])
        kept.append(list(groups))
    small = type(model)(config).eval()
    small.load_state_dict(state)
    return small, kept


def choose(block: Any, wanted: int, reconstruct: bool) -> dict[int, list[int]]:
    """Whose mean each kept expert becomes, in the order of the kept experts."""
    groups = {}
    for members in cluster(router_of(block).weight, wanted):
        if reconstruct:
            groups[members[0]] = members
        else:
            one = nearest_to_mean(block.experts, members)
            groups[one] = [one]
    return dict(sorted(groups.items()))


def mean(tensor: torch.Tensor, members: list[int], dtype: torch.dtype) -> torch.Tensor:
    total = sum((tensor[m].double() for m in members), torch.zeros_like(tensor[0]).double())
    return (total / len(members)).to(dtype).to(tensor.dtype)
