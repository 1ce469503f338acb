"""Keeps the experts that add most in all: REAP without the division by tokens."""

from stun.experts.evidence import Evidence
from stun.experts.grouping import Group, highest, join_nearest
from stun.experts.settings import Settings


def choose(evidence: Evidence, keep: int, settings: Settings) -> list[Group]:
    """Score: the sum over an expert's tokens of gate * ||output||."""
    return join_nearest(evidence, highest(evidence.gathered("contribution"), keep))
