"""Each expert pruning method, against its definition written out plainly."""

from itertools import combinations

import pytest
import torch

from stun.errors import StunError
from stun.experts.combinatorial import kept_sets
from stun.experts.distance import expert_distance, router_distance
from stun.experts.evidence import Evidence
from stun.experts.grouping import Group
from stun.experts.registry import METHODS, group_layers, needed
from stun.experts.settings import Settings

TOP_K = 2


def evidence(experts: int, seed: int, layer: int = 0) -> Evidence:
    """Random, with one expert that no token reached and a loss for every set of up to 8."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(1, 50, (experts,), generator=generator)
    contribution = torch.rand(experts, generator=generator, dtype=torch.float64) * tokens
    tokens[0] = contribution[0] = 0
    shared = torch.rand(experts, experts, generator=generator, dtype=torch.float64)
    sizes = range(1, experts + 1) if experts <= 8 else ()
    kept = [ids for size in sizes for ids in combinations(range(experts), size)]
    losses = torch.rand(len(kept), generator=generator).tolist()
    return Evidence(
        layer,
        torch.randn(experts, 6, generator=generator),
        tokens,
        contribution,
        (shared + shared.T).fill_diagonal_(0),
        dict(zip(kept, losses, strict=True)),
    )


def by_hand(
    tokens: list[int], contribution: list[float], rows: list[float] | None = None
) -> Evidence:
    """Router rows on a line, by default one apart."""
    positions = rows or [float(place) for place in range(len(tokens))]
    return Evidence(
        layer=0,
        rows=torch.tensor(positions)[:, None],
        tokens=torch.tensor(tokens),
        contribution=torch.tensor(contribution, dtype=torch.float64),
        coactivation=torch.zeros(len(tokens), len(tokens), dtype=torch.float64),
    )


def choose(method: str, of: Evidence, keep: int, settings: Settings | None = None) -> list[Group]:
    return group_layers([of], keep, settings or Settings(), method)[0]


def kept(groups: list[Group]) -> list[int]:
    return sorted(group.kept for group in groups if group.kept is not None)


BY_HAND = {
    "REAP: the mean, not the sum": ("REAP", [1, 10, 1], [4.0, 20.0, 5.0], 2, [0, 2]),
    "REAP: no token is no score": ("REAP", [0, 1, 0, 2], [0.0, 0.1, 0.0, 0.1], 2, [1, 3]),
    "REAP: a tie": ("REAP", [1, 2, 3, 1], [2.0, 4.0, 6.0, 9.0], 2, [0, 3]),
    "REAP: nothing reached": ("REAP", [0, 0, 0], [0.0, 0.0, 0.0], 2, [0, 1]),
    "Contribution: the sum": ("Contribution", [1, 10, 1], [4.0, 20.0, 5.0], 2, [1, 2]),
    "Contribution: a tie": ("Contribution", [1, 1, 1], [1.0, 1.0, 1.0], 1, [0]),
    "Contribution: nothing reached": ("Contribution", [0, 0, 0], [0.0, 0.0, 0.0], 2, [0, 1]),
    "Frequency": ("Frequency", [3, 1, 7, 4], [9.0, 9.0, 0.0, 0.0], 2, [2, 3]),
    "Frequency: a tie": ("Frequency", [3, 7, 3, 3], [0.0, 0.0, 0.0, 0.0], 2, [0, 1]),
    # Of 0 and 1, one apart, the lighter goes; 3 stands alone and stays though it is light.
    "Medoids": ("Medoids", [1, 1, 1], [5.0, 4.0, 1.0], 2, [0, 2]),
    "Medoids: a tie removes the higher": ("Medoids", [1] * 4, [1.0] * 4, 3, [0, 1, 2]),
    "Medoids: nothing reached": ("Medoids", [0] * 4, [0.0] * 4, 2, [0, 1]),
}
APART = {"Medoids": [0.0, 1.0, 30.0]}


@pytest.mark.parametrize(
    ("method", "tokens", "contribution", "keep", "expected"), BY_HAND.values(), ids=BY_HAND.keys()
)
def test_the_choice(
    method: str, tokens: list[int], contribution: list[float], keep: int, expected: list[int]
) -> None:
    rows = APART.get(method) if len(tokens) == 3 else None
    assert kept(choose(method, by_hand(tokens, contribution, rows), keep)) == expected


def medoids_step_by_step(of: Evidence, keep: int) -> list[int]:
    """Tries every removal and adds up the whole cost of what is left."""
    distance = router_distance(of.rows)
    left = list(range(of.experts))
    while len(left) > keep:
        cost = {
            gone: float((of.gathered("contribution") * nearest(distance, left, gone)).sum())
            for gone in left
        }
        left.remove(min(reversed(left), key=cost.__getitem__))
    return left


def nearest(distance: torch.Tensor, left: list[int], gone: int) -> torch.Tensor:
    return distance[:, [expert for expert in left if expert != gone]].min(dim=1).values


@pytest.mark.parametrize("seed", range(10))
def test_medoids_equal_the_plain_search(seed: int) -> None:
    of = evidence(14, seed)
    for keep in (1, TOP_K, 7, 13, 14):
        assert kept(choose("Medoids", of, keep)) == medoids_step_by_step(of, keep)


def test_medoids_of_many_experts() -> None:
    of = evidence(96, 1)
    assert kept(choose("Medoids", of, 40)) == medoids_step_by_step(of, 40)


@pytest.mark.parametrize("seed", range(5))
def test_complete_linkage_equals_the_plain_search(seed: int) -> None:
    """Merges the two clusters whose farthest members are nearest, until so many are left."""
    of = evidence(12, seed)
    settings = Settings(router=1.0, coactivation=0.5)
    distance = expert_distance(of, settings)
    clusters = [[expert] for expert in range(12)]
    while len(clusters) > 5:
        low, high = min(
            combinations(clusters, 2),
            key=lambda pair: float(distance[pair[0]][:, pair[1]].max()),
        )
        clusters.remove(high)
        low += high
    expected = sorted(tuple(sorted(cluster)) for cluster in clusters)
    assert choose("STUN", of, 5, settings) == [Group(members) for members in expected]


def test_distance_joins_both_terms() -> None:
    """Off-diagonal means: of the rows' distances 2, of the shared tokens 4."""
    of = by_hand([1, 1, 1], [1.0, 1.0, 1.0], [0.0, 1.0, 3.0])
    shared = torch.tensor([[0.0, 2, 4], [2, 0, 6], [4, 6, 0]], dtype=torch.float64)
    of = Evidence(0, of.rows, coactivation=shared)
    assert expert_distance(of, Settings()).tolist() == [[0, 0.5, 1.5], [0.5, 0, 1], [1.5, 1, 0]]
    both = expert_distance(of, Settings(router=2.0, coactivation=3.0))
    assert both.tolist() == [[0, -0.5, 0], [-0.5, 0, -2.5], [0, -2.5, 0]]
    alone = expert_distance(of, Settings(router=0.0, coactivation=1.0))
    assert alone.tolist() == [[0, -0.5, -1], [-0.5, 0, -1.5], [-1, -1.5, 0]]


def test_coactivation_where_no_token_was_routed() -> None:
    of = by_hand([0, 0, 0], [0.0, 0.0, 0.0], [0.0, 1.0, 3.0])
    assert torch.equal(
        expert_distance(of, Settings(coactivation=1.0)), expert_distance(of, Settings())
    )


def test_rows_that_are_not_finite_are_refused() -> None:
    with pytest.raises(StunError, match="not finite") as caught:
        router_distance(torch.tensor([[0.0], [float("nan")]]))
    assert caught.value.reason == "ModelCorrupt"


def test_equal_rows_are_equally_far_from_others() -> None:
    rows = torch.randn(40, 333, generator=torch.Generator().manual_seed(0))
    rows[17] = rows[31]
    distance = router_distance(rows)
    others = [expert for expert in range(40) if expert not in (17, 31)]
    assert torch.equal(distance[17, others], distance[31, others])
    assert distance[17, 31] == 0
    assert torch.equal(distance, distance.T)


def test_others_join_the_nearest_that_is_kept() -> None:
    """Expert 2 is as far from 1 as from 3: the lower id has it."""
    of = by_hand([0, 9, 0, 9, 0], [0.0] * 5)
    assert choose("Frequency", of, 2) == [Group((0, 1, 2), 1), Group((3, 4), 3)]


def test_groups_are_ordered_by_their_lowest_member() -> None:
    of = by_hand([0, 9, 9], [0.0] * 3, [10.0, 0.0, 11.0])
    assert choose("Frequency", of, 2) == [Group((0, 2), 2), Group((1,), 1)]


@pytest.mark.parametrize("keep", [1, 2, 4, 8])
def test_combinatorial_takes_the_set_with_the_lowest_loss(keep: int) -> None:
    of = evidence(8, 3)
    assert of.losses
    least = min((loss, ids) for ids, loss in of.losses.items() if len(ids) == keep)
    assert tuple(kept(choose("Combinatorial", of, keep))) == least[1]


def test_combinatorial_ties_take_the_lower_ids() -> None:
    of = by_hand([1] * 3, [1.0] * 3)
    losses: dict[tuple[int, ...], float] = {(1, 2): 1.0, (0, 2): 1.0, (0, 1): 2.0}
    assert kept(choose("Combinatorial", Evidence(0, of.rows, losses=losses), 2)) == [0, 2]


def test_combinatorial_refuses_more_experts_than_it_can_try() -> None:
    assert len(kept_sets(8, 4)) == 70
    with pytest.raises(StunError, match=r"at most 8.*has 9; choose Medoids or REAP") as caught:
        choose("Combinatorial", evidence(9, 0), 4)
    assert caught.value.reason == "RecipeInvalid"


def test_random_depends_on_the_seed_and_the_layer() -> None:
    def draw(seed: int, layer: int) -> list[int]:
        return kept(choose("Random", evidence(64, 0, layer), 32, Settings(seed=seed)))

    assert draw(5, 1) == draw(5, 1)
    assert len({tuple(draw(5, layer)) for layer in range(4)}) == 4
    assert len({tuple(draw(seed, 1)) for seed in range(4)}) == 4


@pytest.mark.parametrize("linkage", ["Complete", "Official"])
@pytest.mark.parametrize("method", METHODS)
def test_every_expert_is_in_one_group(method: str, linkage: str) -> None:
    settings = Settings("Official" if linkage == "Official" else "Complete", "Global", 1.0, 0.3)
    for seed in range(10):
        layers = [evidence(8, seed + layer, layer) for layer in range(3)]
        for keep in (1, TOP_K, 5, 8):
            for groups in group_layers(layers, keep, settings, method):
                check_partition(groups, 8, keep)


def check_partition(groups: list[Group], experts: int, keep: int) -> None:
    assert len(groups) == keep
    assert sorted(member for group in groups for member in group.members) == list(range(experts))
    assert [group.members[0] for group in groups] == sorted(min(g.members) for g in groups)
    for group in groups:
        assert list(group.members) == sorted(group.members)
        assert group.kept is None or group.kept in group.members


@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row.needs])
def test_a_method_without_its_statistics_is_refused(method: str) -> None:
    with pytest.raises(
        StunError, match=r"needs the .* of layer 3.*give calibration\.uri"
    ) as caught:
        choose(method, Evidence(3, torch.eye(4)), 2)
    assert caught.value.reason == "RecipeInvalid"


def test_router_rows_are_enough_for_stun_without_coactivation() -> None:
    assert needed("STUN", Settings()) == frozenset()
    assert needed("STUN", Settings(coactivation=0.1)) == {"coactivation"}
    assert needed("REAP", Settings(coactivation=0.1)) == {"tokens", "contribution"}
    assert len(choose("STUN", Evidence(0, torch.eye(4)), 2)) == 2
