"""OWL's definitions on values worked out by hand."""

import pytest
import torch

from stun.families import Linear, Slot
from stun.weights.owl import layer_sparsities, outlier_ratio
from stun.weights.statistics import InputStatistics


def seen(**squares: list[float]) -> InputStatistics:
    statistics = InputStatistics()
    statistics.squares = {name: torch.tensor(row).double() for name, row in squares.items()}
    return statistics


# Weights of two matrices, squared inputs where there were any, M, and the percentage.
RATIOS = {
    # Scores 1 1 1 1 | 1 1 1 9 with a mean of 2.
    "one of eight": ([[1.0, -1, 1, 1]], [[1.0, 1, 1, 3]], {"b": [1.0, 1, 1, 9]}, 4, 12.5),
    "not above, but at the limit": ([[1.0] * 4], [[1.0, 1, 1, 3]], {"b": [1.0, 1, 1, 9]}, 4.5, 0),
    "all above": ([[1.0] * 4], [[1.0] * 4], {}, 0.5, 100),
    # The mean counts both matrices, though nothing reached the second: 4 scores of 1, 4 of 0.
    "no token reached it": ([[1.0] * 4], [[9.0] * 4], None, 1.5, 50),
}


@pytest.mark.parametrize(("a", "b", "squares", "m", "expected"), RATIOS.values(), ids=RATIOS)
def test_outlier_ratio(
    a: list[list[float]],
    b: list[list[float]],
    squares: dict[str, list[float]] | None,
    m: float,
    expected: float,
) -> None:
    weights = {"a": torch.tensor(a), "b": torch.tensor(b)}
    ones = [1.0] * 4
    reached = {"a": ones} if squares is None else {"a": ones, "b": ones, **squares}
    linears = [Linear(Slot("a"), routed=True), Linear(Slot("b"), routed=True)]
    assert outlier_ratio(weights, linears, seen(**reached), m) == expected


def test_the_ratio_is_of_the_oriented_matrix() -> None:
    """A fused expert is stored as [in, out]; its inputs run along the first dimension."""
    stored = {"e": torch.tensor([[[1.0, 1.0], [3.0, 1.0]]])}
    linears = [Linear(Slot("e", 0), transposed=True, routed=True)]
    assert outlier_ratio(stored, linears, seen(**{"e[0]": [1.0, 9.0]}), 1.9) == 25


# Outlier ratios, sizes, u, lambda.
LAYERS: dict[str, tuple[list[float], list[int], float, float]] = {
    "as published": ([1.0, 2.0, 3.0], [10, 10, 10], 0.5, 0.08),
    "unequal sizes": ([5.0, 1.0, 2.0, 9.0], [100, 300, 20, 7], 0.6, 0.08),
    "u below lambda": ([5.0, 1.0, 2.0], [10, 10, 10], 0.05, 0.08),
    "1 - u below lambda": ([5.0, 1.0, 2.0], [10, 10, 10], 0.97, 0.08),
    "one great layer against many": ([9.0, 1.0, 1.0, 1.0, 1.0, 1.0], [10] * 6, 0.05, 0.08),
    "one small layer against many": ([1.0, 9.0, 9.0, 9.0, 9.0, 9.0], [10] * 6, 0.95, 0.08),
    "a lambda of one": ([5.0, 1.0, 2.0], [10, 30, 10], 0.5, 1.0),
}


@pytest.mark.parametrize(("ratios", "sizes", "share", "spread"), LAYERS.values(), ids=LAYERS)
def test_sparsities_keep_the_mean_and_stay_possible(
    ratios: list[float], sizes: list[int], share: float, spread: float
) -> None:
    found = layer_sparsities(ratios, sizes, share, spread)
    mean = sum(f * size for f, size in zip(found, sizes, strict=True)) / sum(sizes)
    assert mean == pytest.approx(share, abs=1e-12)
    assert min(found) >= -1e-12
    assert max(found) <= 1 + 1e-12
    # More outliers, fewer zeros.
    assert sorted(range(len(found)), key=lambda i: -found[i]) == sorted(
        range(len(found)), key=lambda i: ratios[i]
    )


SPREADS = {
    # u, lambda, sparsities of layers with the ratios 1, 2 and 3
    "lambda": (0.5, 0.08, [0.58, 0.5, 0.42]),
    "no more than u": (0.05, 0.08, [0.1, 0.05, 0.0]),
    "no more than 1 - u": (0.96, 0.08, [1.0, 0.96, 0.92]),
    "none": (0.5, 0.0, [0.5, 0.5, 0.5]),
    "nothing to prune": (0.0, 0.08, [0.0, 0.0, 0.0]),
}


@pytest.mark.parametrize(("share", "spread", "expected"), SPREADS.values(), ids=SPREADS)
def test_spread(share: float, spread: float, expected: list[float]) -> None:
    assert layer_sparsities([1, 2, 3], [7, 7, 7], share, spread) == pytest.approx(expected)


@pytest.mark.parametrize("ratios", [[0.0, 0.0, 0.0], [2.5, 2.5], [1.0]])
def test_layers_alike_get_the_same(ratios: list[float]) -> None:
    """Equal ratios, or a single layer: there is nothing to divide by."""
    assert layer_sparsities(ratios, [10] * len(ratios), 0.4, 0.08) == [0.4] * len(ratios)
