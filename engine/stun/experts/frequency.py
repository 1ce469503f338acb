"""Keeps the experts that the router chooses most often."""

from stun.experts.evidence import Evidence
from stun.experts.grouping import Group, highest, join_nearest
from stun.experts.settings import Settings


def choose(evidence: Evidence, keep: int, settings: Settings) -> list[Group]:
    return join_nearest(evidence, highest(evidence.gathered("tokens"), keep))
