"""Makes one expert of each group: its most typical member, or the mean of its members."""

from dataclasses import dataclass

import torch

from stun.experts.grouping import Group
from stun.families import Family, Slot, Weights


@dataclass(frozen=True)
class ReducedLayer:
    """A layer with its experts renumbered, and the ids that they had before.

    `present` are all experts that something is left of: means have several.
    """

    weights: Weights
    kept: list[int]
    present: list[int]


def reduce_experts(
    weights: Weights, family: Family, groups: list[Group], reconstruct: bool
) -> ReducedLayer:
    """Keeps one expert a group, in the order of the ids that are kept.

    Tensors that no expert is part of are shared with the source, as are whole experts.
    """
    sources = {
        representative(weights, family, group, reconstruct): group_sources(group, reconstruct)
        for group in groups
    }
    kept = sorted(sources)
    members = [list(sources[expert] or [expert]) for expert in kept]
    reduced = {name: found for name, found in weights.items() if not family.is_expert_part(name)}
    for name in filter(weights.__contains__, family.row_tensors):
        reduced[name] = torch.stack([mean([weights[name][m] for m in some]) for some in members])
    fused: dict[str, list[torch.Tensor]] = {}
    for position, some in enumerate(members):
        for target, value in zip(
            family.expert_slots(position), merged(weights, family, some), strict=True
        ):
            if target.entry is None:
                reduced[target.tensor] = value
            else:
                fused.setdefault(target.tensor, []).append(value)
    reduced |= {name: torch.stack(some) for name, some in fused.items()}
    return ReducedLayer(reduced, kept, sorted(expert for some in members for expert in some))


def group_sources(group: Group, reconstruct: bool) -> tuple[int, ...]:
    """Whose mean the group becomes; none where it keeps one of its members."""
    return group.members if reconstruct and group.kept is None else ()


def merged(weights: Weights, family: Family, members: list[int]) -> list[torch.Tensor]:
    """Each piece of an expert as the mean of the members' pieces."""
    pieces = zip(*(family.expert_slots(member) for member in members), strict=True)
    return [mean([slot.view(weights) for slot in some]) for some in pieces]


def mean(tensors: list[torch.Tensor]) -> torch.Tensor:
    """Exact for one tensor; otherwise summed in float64 and rounded once."""
    if len(tensors) == 1:
        return tensors[0]
    total = torch.zeros_like(tensors[0], dtype=torch.float64)
    for tensor in tensors:
        total += tensor
    return (total / len(tensors)).to(tensors[0].dtype)


def representative(weights: Weights, family: Family, group: Group, reconstruct: bool) -> int:
    """The member nearest the group's mean over all its weights; ties go to the lower index.

    Of two members neither is nearer by definition; computing it would let rounding decide.
    """
    if group.kept is not None:
        return group.kept
    if reconstruct or len(group.members) <= 2:
        return group.members[0]
    squares = torch.zeros(len(group.members), dtype=torch.float64)
    for slots in zip(*(family.expert_slots(member) for member in group.members), strict=True):
        squares += distances(weights, slots)
    return group.members[int(squares.argmin())]


def distances(weights: Weights, slots: tuple[Slot, ...]) -> torch.Tensor:
    """Squared distance of each member's piece from their mean, [members] float64."""
    pieces = [slot.view(weights) for slot in slots]
    total = torch.zeros_like(pieces[0], dtype=torch.float64)
    for piece in pieces:
        total += piece
    centre = total / len(pieces)
    return torch.stack([(piece.double() - centre).square().sum() for piece in pieces]).cpu()
