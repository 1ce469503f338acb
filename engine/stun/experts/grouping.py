"""The answer of every pruning method: each expert of a layer belongs to one group that stays."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from stun.experts.distance import router_distance
from stun.experts.evidence import Evidence


@dataclass(frozen=True)
class Group:
    """Experts of which one is left."""

    members: tuple[int, ...]  # ascending
    # None: the weights decide; the member nearest the mean, or the mean itself.
    kept: int | None = None


def highest(scores: torch.Tensor, keep: int) -> list[int]:
    """The ids of so many highest scores, ascending; ties keep the lower id."""
    order = scores.argsort(descending=True, stable=True)
    return sorted(order[:keep].tolist())


def join_nearest(evidence: Evidence, kept: Iterable[int]) -> list[Group]:
    """Every other expert goes to the kept one with the nearest router row, ties to the lower id.

    Nothing is computed from where it goes; the report shows it.
    """
    ids = sorted(kept)
    nearest = router_distance(evidence.rows)[:, ids].argmin(dim=1).tolist()
    members: dict[int, list[int]] = {kept_id: [kept_id] for kept_id in ids}
    for expert in sorted(set(range(evidence.experts)) - set(ids)):
        members[ids[nearest[expert]]].append(expert)
    groups = [Group(tuple(sorted(found)), kept_id) for kept_id, found in members.items()]
    return sorted(groups, key=lambda group: group.members)
