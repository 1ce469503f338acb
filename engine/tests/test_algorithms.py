"""The pinned definitions, each on values worked out by hand."""

import pytest
import torch

from stun.experts.clustering import complete_linkage
from stun.experts.distance import router_distance
from stun.experts.grouping import Group
from stun.experts.reduce import mean, representative
from stun.families import Linear, Slot
from stun.families.table import FAMILIES
from stun.model.skeleton import Skeleton
from stun.weights.owl import outlier_ratio
from stun.weights.prune import prune_weights
from stun.weights.select import entries_per_row, smallest_per_row
from stun.weights.statistics import InputStatistics
from stun.weights.wanda import wanda_scores
from tests.families import CASES, make_config

MIXTRAL = FAMILIES["MixtralForCausalLM"]


def line(*positions: float) -> torch.Tensor:
    """Distances of points on a line."""
    points = torch.tensor(positions, dtype=torch.float64)
    return (points[:, None] - points[None, :]).abs()


LINKAGE = {
    "closest first": (line(0, 10, 11, 30), 3, [[0], [1, 2], [3]]),
    "complete, not single": (line(0, 2, 4, 6.5), 2, [[0, 1], [2, 3]]),
    "a tie takes the lowest pair": (line(0, 1, 2, 3), 3, [[0, 1], [2], [3]]),
    "a tie between rows": (line(5, 0, 6, 1), 3, [[0, 2], [1], [3]]),
    "no merge": (line(0, 1, 2), 3, [[0], [1], [2]]),
    "one cluster": (line(0, 1, 2), 1, [[0, 1, 2]]),
}


@pytest.mark.parametrize(("distance", "count", "expected"), LINKAGE.values(), ids=LINKAGE.keys())
def test_complete_linkage(distance: torch.Tensor, count: int, expected: list[list[int]]) -> None:
    assert complete_linkage(distance, count) == expected


def test_router_distance_has_an_off_diagonal_mean_of_one() -> None:
    distance = router_distance(torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 0.0]]))
    assert distance.tolist() == [[0, 1.5, 0], [1.5, 0, 1.5], [0, 1.5, 0]]
    assert router_distance(torch.ones(3, 2)).tolist() == torch.zeros(3, 3).tolist()


def experts(*values: float) -> dict[str, torch.Tensor]:
    """Experts whose matrices are filled with one number each."""
    return {
        slot.tensor: torch.full((2, 2), value)
        for index, value in enumerate(values)
        for slot in MIXTRAL.expert_slots(index)
    }


REPRESENTATIVES = {
    "nearest to the mean": ((0.0, 1.0, 5.0), [0, 1, 2], False, 1),
    "a tie takes the lower index": ((0.0, 4.0, 2.0, 2.0), [0, 1, 2, 3], False, 2),
    "of two the lower": ((9.0, 0.1, 0.2), [1, 2], False, 1),
    "alone": ((9.0, 0.1), [1], False, 1),
    "of a mean the lowest names it": ((0.0, 1.0, 5.0), [0, 1, 2], True, 0),
}


@pytest.mark.parametrize(
    ("values", "cluster", "reconstruct", "expected"),
    REPRESENTATIVES.values(),
    ids=REPRESENTATIVES.keys(),
)
def test_representative(
    values: tuple[float, ...], cluster: list[int], reconstruct: bool, expected: int
) -> None:
    group = Group(tuple(cluster), kept=None)
    assert representative(experts(*values), MIXTRAL, group, reconstruct) == expected


def test_mean_is_rounded_once() -> None:
    """In bfloat16 256 + 1 is 256, so a sum in the source's dtype would be wrong."""
    values = [torch.tensor([value], dtype=torch.bfloat16) for value in (256.0, 1.0, 1.0)]
    assert mean(values).item() == 86.0
    assert mean(values).dtype == torch.bfloat16


SELECTION = {
    "smallest": ([3.0, 1.0, 2.0], 1, [False, True, False]),
    "a tie takes the lower index": ([1.0, 0.0, 0.0, 0.0], 2, [False, True, True, False]),
    "a tie above the limit": ([1.0, 1.0, 0.5, 1.0], 2, [True, False, True, False]),
    "none": ([1.0, 2.0], 0, [False, False]),
    "all": ([1.0, 2.0], 2, [True, True]),
}


@pytest.mark.parametrize(("row", "count", "expected"), SELECTION.values(), ids=SELECTION.keys())
def test_smallest_per_row(row: list[float], count: int, expected: list[bool]) -> None:
    assert smallest_per_row(torch.tensor([row]), count).tolist() == [expected]


def test_selection_equals_a_stable_sort() -> None:
    """On many rows with many ties."""
    scores = torch.randint(0, 6, (200, 40), generator=torch.Generator().manual_seed(0)).float()
    for count in (1, 13, 39):
        expected = torch.zeros_like(scores, dtype=torch.bool)
        expected.scatter_(1, scores.sort(dim=1, stable=True).indices[:, :count], True)
        assert torch.equal(smallest_per_row(scores, count), expected)


@pytest.mark.parametrize(
    ("inputs", "sparsity", "count"), [(10, 0.3, 3), (10, 0.29, 2), (96, 0.1, 9), (8, 0.0, 0)]
)
def test_entries_per_row(inputs: int, sparsity: float, count: int) -> None:
    assert entries_per_row(inputs, sparsity) == count


def test_wanda_weighs_by_the_norm_of_the_input() -> None:
    weight = torch.tensor([[1.0, -2.0, 3.0]])
    squares = torch.tensor([100.0, 4.0, 1.0], dtype=torch.float64)
    assert wanda_scores(weight, squares).tolist() == [[10.0, 4.0, 3.0]]
    assert wanda_scores(weight, None).tolist() == [[1.0, 2.0, 3.0]]


def test_statistics_do_not_depend_on_batches() -> None:
    tokens = torch.randn(64, 8, generator=torch.Generator().manual_seed(0))
    whole, split = InputStatistics(), InputStatistics()
    whole.inputs(("a", "b"), tokens)
    for part in torch.split(tokens, 7):
        split.inputs(("a",), part)
    assert torch.allclose(whole.squares["a"], split.squares["a"], rtol=1e-14)
    assert torch.equal(whole.squares["a"], whole.squares["b"])


@pytest.mark.parametrize(
    ("method", "sparsity", "expected"),
    [("Magnitude", 0.5, [4, 3, 0, 0]), ("None", 0.5, [4, 3, 2, 1]), ("Wanda", 0, [4, 3, 2, 1])],
)
def test_only_named_weights_are_pruned(method: str, sparsity: float, expected: list[int]) -> None:
    weights = {"router": torch.ones(2, 4), "w": torch.tensor([[4.0, 3.0, 2.0, 1.0]])}
    prune_weights(weights, [Linear(Slot("w"))], InputStatistics(), method, sparsity)
    assert weights["w"].tolist() == [expected]
    assert weights["router"].tolist() == torch.ones(2, 4).tolist()


@pytest.mark.parametrize("method", ["Wanda", "OWL"])
def test_only_an_expert_may_have_seen_nothing(method: str) -> None:
    """Of any other matrix it means that the engine forgot to look, and |W| would hide that."""
    weights = {"q_proj.weight": torch.tensor([[4.0, 3.0, 2.0, 1.0]])}
    expert, other = (Linear(Slot("q_proj.weight"), routed=routed) for routed in (True, False))
    with pytest.raises(AssertionError, match=r"q_proj\.weight"):
        prune_weights(weights, [other], InputStatistics(), method, 0.5)
    with pytest.raises(AssertionError, match=r"q_proj\.weight"):
        outlier_ratio(weights, [other], InputStatistics(), 5)
    prune_weights(weights, [expert], InputStatistics(), method, 0.5)
    assert weights["q_proj.weight"].tolist() == [[4, 3, 0, 0]]
    assert outlier_ratio(weights, [expert], InputStatistics(), 5) == 0


@pytest.mark.parametrize("name", CASES)
def test_the_routed_matrices_are_those_of_experts(name: str) -> None:
    raw = make_config(CASES[name]).to_dict() | {"architectures": [CASES[name].architecture]}
    skeleton = Skeleton(raw, FAMILIES[CASES[name].architecture], name)
    for index in range(len(skeleton.layers)):
        for linear in skeleton.linears(index):
            assert linear.routed is (".experts." in linear.name), linear.name
