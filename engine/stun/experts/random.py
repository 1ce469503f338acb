"""Keeps experts by lot: the floor that every other method has to beat."""

import torch

from stun.experts.evidence import Evidence
from stun.experts.grouping import Group, join_nearest
from stun.experts.settings import Settings


def choose(evidence: Evidence, keep: int, settings: Settings) -> list[Group]:
    """The same for the same calibration seed, and another in every layer."""
    generator = torch.Generator().manual_seed(settings.seed + evidence.layer)
    kept = torch.randperm(evidence.experts, generator=generator)[:keep]
    return join_nearest(evidence, kept.tolist())
