"""The published linkage, against a plain walk that follows its description word by word."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from stun.experts.clustering import complete_linkage
from stun.experts.distance import router_distance
from stun.experts.evidence import Evidence
from stun.experts.official import smallest_threshold
from stun.experts.registry import group_layers
from stun.experts.settings import Settings

Floats = NDArray[np.float64]


def rows(experts: int, hidden: int, seed: int) -> torch.Tensor:
    return torch.randn(experts, hidden, generator=torch.Generator().manual_seed(seed))


def distances(experts: int, hidden: int, seed: int) -> Floats:
    """A third with many ties, a third with some below 0, as coactivation makes them."""
    distance: Floats = router_distance(rows(experts, hidden, seed)).numpy()
    return [np.round(distance * 4) / 4, distance, distance - 0.8][seed % 3]


def candidates(distance: Floats) -> Floats:
    return np.unique(distance[np.triu_indices(len(distance), 1)])


def walk(distance: Floats, threshold: float, stop: int) -> list[list[int]]:
    """One run of the published loop, distances up to and including the threshold being near."""
    values = distance.copy()
    np.fill_diagonal(values, np.inf)
    cluster_of = [frozenset({expert}) for expert in range(len(values))]
    while values.min() <= threshold and len(set(cluster_of)) > stop:
        u, v = divmod(int(values.argmin()), len(values))
        seen = [values[x, v] for x in cluster_of[u]] + [values[x, u] for x in cluster_of[v]]
        if max(seen) > threshold:
            values[u, v] = values[v, u] = np.inf
            continue
        values[sorted(cluster_of[u]), v] = np.inf
        values[sorted(cluster_of[v]), u] = np.inf
        union = cluster_of[u] | cluster_of[v]
        cluster_of = [union if expert in union else own for expert, own in enumerate(cluster_of)]
    return sorted(sorted(cluster) for cluster in set(cluster_of))


def scan(distance: Floats, keep: int, at_least: float = -np.inf) -> float:
    """The smallest threshold that reaches the number, by trying one after the other."""
    found = (
        float(threshold)
        for threshold in candidates(distance)
        if threshold >= at_least and len(walk(distance, threshold, keep)) == keep
    )
    return next(found)


@pytest.mark.parametrize("seed", range(40))
def test_the_smallest_threshold_is_found(seed: int) -> None:
    distance = distances(6 + seed % 6, 2 + seed % 4, seed)
    for keep in range(1, len(distance)):
        reached = smallest_threshold(distance, keep)
        assert reached.threshold == scan(distance, keep)
        assert reached.clusters == walk(distance, reached.threshold, keep)


@pytest.mark.parametrize("seed", range(12))
def test_the_search_starts_where_it_is_told(seed: int) -> None:
    """In the midst of the distances, where a number once reached may be missed again."""
    distance = distances(8, 2, seed)
    for at_least in candidates(distance)[::4]:
        reached = smallest_threshold(distance, 4, float(at_least))
        assert reached.threshold == scan(distance, 4, float(at_least))
        assert reached.clusters == walk(distance, reached.threshold, 4)


def test_a_wider_threshold_can_miss_a_number_that_a_narrower_one_reached() -> None:
    """Why the search is no bisection."""
    distance = distances(8, 5, 1)
    counts = [len(walk(distance, threshold, 4)) for threshold in candidates(distance)]
    assert counts != sorted(counts, reverse=True)
    assert max(counts[counts.index(4) :]) == 5
    assert smallest_threshold(distance, 4).threshold == candidates(distance)[counts.index(4)]


def test_it_is_not_complete_linkage() -> None:
    differ = 0
    for seed in range(300):
        distance = router_distance(rows(16, 4, seed))
        official = smallest_threshold(distance.numpy(), 10).clusters
        differ += official != complete_linkage(distance, 10)
    print(f"{differ} of 300 trials")
    assert 0 < differ < 300


def test_no_expert_leaves_without_a_threshold() -> None:
    reached = smallest_threshold(distances(5, 3, 1), 5)
    assert (reached.threshold, reached.clusters) == (-np.inf, [[0], [1], [2], [3], [4]])


def test_at_the_size_of_large_models() -> None:
    """128 experts; too many thresholds to try each, so those just below are."""
    distance = router_distance(rows(128, 64, 0)).numpy()
    reached = smallest_threshold(distance, 102)
    below = candidates(distance)
    below = below[below < reached.threshold][-20:]
    assert walk(distance, reached.threshold, 102) == reached.clusters
    assert all(len(walk(distance, threshold, 102)) > 102 for threshold in below)


GLOBAL = {
    "a few": (2, [0, 1, 2, 3, 4]),
    "more": (4, [0, 1, 2, 3, 4]),
    "most": (7, [0, 1, 2, 3, 4]),
    "all": (8, [0, 1, 2, 3, 4]),
    # The smallest of layer 16 is one with which layer 14 ends at another number again.
    "a number missed": (2, [16, 14]),
    "a number missed by a layer seen before": (2, [14, 16]),
}


@pytest.mark.parametrize(("keep", "seeds"), GLOBAL.values(), ids=GLOBAL.keys())
def test_one_threshold_for_all_layers(keep: int, seeds: list[int]) -> None:
    """The smallest with which every layer ends at the same number, tried one after the other."""
    layers = [Evidence(layer, rows(8, 5, seed)) for layer, seed in enumerate(seeds)]
    all_distances = [router_distance(layer.rows).numpy() for layer in layers]
    tried = np.unique(np.concatenate([candidates(distance) for distance in all_distances]))
    runs = ([walk(distance, t, keep) for distance in all_distances] for t in tried)
    expected = next(run for run in runs if all(len(clusters) == keep for clusters in run))
    assert members(layers, keep, Settings("Official", "Global")) == expected


def test_each_layer_by_itself() -> None:
    layers = [Evidence(layer, rows(8, 5, layer)) for layer in range(3)]
    all_distances = [router_distance(layer.rows).numpy() for layer in layers]
    expected = [walk(distance, scan(distance, 4), 4) for distance in all_distances]
    assert members(layers, 4, Settings("Official", "PerLayer")) == expected


def members(layers: list[Evidence], keep: int, settings: Settings) -> list[list[list[int]]]:
    found = group_layers(layers, keep, settings, "STUN")
    return [[list(group.members) for group in groups] for groups in found]


def test_one_threshold_joins_others_than_each_layer_by_itself() -> None:
    layers = [Evidence(layer, rows(16, 4, layer)) for layer in range(6)]
    apart = group_layers(layers, 12, Settings("Official", "PerLayer"), "STUN")
    together = group_layers(layers, 12, Settings("Official", "Global"), "STUN")
    assert apart != together
    assert [len(groups) for groups in together] == [12] * 6


def test_the_two_thresholds_are_one_for_complete_linkage() -> None:
    layers = [Evidence(layer, rows(16, 4, layer)) for layer in range(3)]
    assert group_layers(layers, 12, Settings("Complete", "Global"), "STUN") == group_layers(
        layers, 12, Settings("Complete", "PerLayer"), "STUN"
    )
