"""One file of statistics gives one set of masks, however many threads compute them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from gpu.masks import CASES, Layer, different, make_layer, masks
from gpu.statistics_file import load_statistics, save_statistics
from stun.weights.statistics import InputStatistics

CPU = torch.device("cpu")


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=CASES, ids=str)
def layer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Layer:
    return make_layer(request.param, tmp_path_factory.mktemp("statistics") / "s.safetensors")


@pytest.mark.parametrize("method", ["Wanda", "OWL", "Magnitude"])
def test_masks_are_the_same_for_one_and_two_threads(
    layer: Layer, method: str, threads: None
) -> None:
    torch.set_num_threads(1)
    one = masks(layer, method, CPU)
    torch.set_num_threads(2)
    two = masks(layer, method, CPU)
    assert different(one, two) == 0
    assert 0.4 < sum(int(mask.sum()) for mask in one.values()) / layer.entries < 0.6


def test_another_statistics_file_gives_other_masks(layer: Layer, tmp_path: Path) -> None:
    """Else the comparison would compare nothing."""
    statistics = load_statistics(layer.statistics, CPU)
    for squares in statistics.squares.values():
        squares[0] *= 100
    changed = tmp_path / "changed.safetensors"
    save_statistics(statistics, changed)
    other = Layer(layer.weights, layer.linears, changed)
    assert different(masks(layer, "Wanda", CPU), masks(other, "Wanda", CPU)) > 0


def test_the_file_holds_the_sums_bit_for_bit(tmp_path: Path) -> None:
    statistics = InputStatistics()
    states = torch.randn(50, 7, generator=torch.Generator().manual_seed(0))
    statistics.inputs(("q", "k"), states)
    save_statistics(statistics, tmp_path / "s.safetensors")
    found = load_statistics(tmp_path / "s.safetensors", CPU).squares
    assert found.keys() == {"q", "k"}
    assert all(torch.equal(found[name], statistics.squares[name]) for name in found)
