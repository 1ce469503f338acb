"""STUN (Lee et al. 2025): clusters experts that are alike, and keeps one of each cluster."""

from stun.experts.clustering import complete_linkage
from stun.experts.distance import expert_distance
from stun.experts.evidence import Evidence
from stun.experts.grouping import Group
from stun.experts.official import smallest_threshold
from stun.experts.settings import Settings


def choose(evidence: Evidence, keep: int, settings: Settings) -> list[Group]:
    """One layer by itself; under Official with the smallest threshold that leaves `keep`."""
    distance = expert_distance(evidence, settings)
    if settings.linkage == "Official":
        return groups(smallest_threshold(distance.numpy(), keep).clusters)
    return groups(complete_linkage(distance, keep))


def choose_together(evidences: list[Evidence], keep: int, settings: Settings) -> list[list[Group]]:
    """`threshold: Global` with Official: the smallest threshold with which every layer ends at
    `keep`.

    Complete linkage is cut by the number of clusters, so there both thresholds say the same.
    """
    if settings.linkage == "Complete" or settings.threshold == "PerLayer":
        return [choose(evidence, keep, settings) for evidence in evidences]
    distances = [expert_distance(evidence, settings).numpy() for evidence in evidences]
    threshold, settled = float("-inf"), False
    while not settled:  # what suits one layer may skip another's: go up until it suits all
        reached = []
        for distance in distances:
            reached.append(smallest_threshold(distance, keep, threshold))
            threshold = reached[-1].threshold
        settled = all(layer.threshold == threshold for layer in reached)
    return [groups(layer.clusters) for layer in reached]


def groups(clusters: list[list[int]]) -> list[Group]:
    return [Group(tuple(cluster)) for cluster in clusters]
