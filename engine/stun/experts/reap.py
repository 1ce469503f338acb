"""REAP (Lasby et al. 2025): keeps the experts that add most to each token they serve."""

from stun.experts.evidence import Evidence
from stun.experts.grouping import Group, highest, join_nearest
from stun.experts.settings import Settings


def choose(evidence: Evidence, keep: int, settings: Settings) -> list[Group]:
    """Score: the mean over an expert's tokens of gate * ||output||; 0 where it has no token."""
    tokens = evidence.gathered("tokens").clamp(min=1)
    return join_nearest(evidence, highest(evidence.gathered("contribution") / tokens, keep))
