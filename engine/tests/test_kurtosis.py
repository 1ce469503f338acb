"""Kurtosis of streamed weights against numpy on all of them at once."""

import numpy as np
import pytest
import torch

from stun.errors import StunError
from stun.weights.kurtosis import CPU_CHUNK, Moments


def naive(values: torch.Tensor) -> float:
    """The textbook formula in float64, everything in memory."""
    wide = values.double().numpy().ravel()
    centred = wide - wide.mean()
    return float(np.mean(centred**4) / np.mean(centred**2) ** 2)


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


MATRICES = {
    "longer than a chunk": [normal(3, CPU_CHUNK)],
    "several, of different shapes": [normal(64, 300), normal(7, 11) * 5],
    "heavy tails": [normal(200, 300) ** 3],
    "weights of a trained size": [normal(200, 300) * 0.02 + 0.001],
    "fourth powers below float32": [normal(200, 300) * 1e-13],
    "fourth powers above float32": [normal(200, 300) * 1e13],
    "bfloat16": [(normal(200, 300) * 0.02).bfloat16()],
    "not contiguous": [normal(300, 200).T],
}


@pytest.mark.parametrize("matrices", MATRICES.values(), ids=MATRICES.keys())
def test_kurtosis_is_that_of_all_weights_at_once(matrices: list[torch.Tensor]) -> None:
    moments = Moments()
    for matrix in matrices:
        moments.add(matrix)
    everything = torch.cat([matrix.reshape(-1) for matrix in matrices])
    assert moments.kurtosis() == pytest.approx(naive(everything), rel=1e-6, abs=0)


def test_zeros_are_left_out_or_counted() -> None:
    matrix = normal(100, 100)
    matrix[:, ::3] = 0
    moments = Moments()
    moments.add(matrix)
    assert moments.kurtosis() == pytest.approx(naive(matrix[matrix != 0]), rel=1e-6)
    assert moments.kurtosis(nonzero=False) == pytest.approx(naive(matrix), rel=1e-6)


def test_a_layer_is_the_sum_of_its_experts() -> None:
    parts = [normal(10, 20), normal(20, 30) ** 3]
    total = Moments()
    for part in parts:
        expert = Moments()
        expert.add(part)
        total = total + expert
    everything = torch.cat([part.reshape(-1) for part in parts])
    assert total.kurtosis() == pytest.approx(naive(everything), rel=1e-6)


@pytest.mark.parametrize("matrix", [torch.empty(0, 4), torch.zeros(3, 3), torch.full((9, 9), 0.1)])
def test_weights_without_spread_have_no_kurtosis(matrix: torch.Tensor) -> None:
    moments = Moments()
    moments.add(matrix)
    assert moments.kurtosis() is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_weights_that_are_not_finite_are_refused(bad: float) -> None:
    moments = Moments()
    moments.add(torch.tensor([[1.0, bad, 2.0]]))
    with pytest.raises(StunError, match="not finite"):
        moments.kurtosis()
