"""Observing alone shows the same inputs as a forward pass, and computes no expert's output."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from stun.families import Weights
from stun.families.table import FAMILIES
from stun.flow import Flow
from stun.model.layer import FilledLayer
from stun.model.observer import Observer
from stun.model.skeleton import Skeleton
from stun.weights.statistics import InputStatistics
from tests.conftest import Stun
from tests.families import CASES, make_config
from tests.tiny import make_recipe

MOE = [name for name, case in CASES.items() if case.experts]


@pytest.fixture(autouse=True)
def without_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


def random_layer(name: str) -> tuple[Skeleton, int, Weights]:
    """The last layer of the family that has experts."""
    case = CASES[name]
    raw = make_config(case).to_dict() | {"architectures": [case.architecture]}
    skeleton = Skeleton(raw, FAMILIES[case.architecture], name)
    index = max(i for i in range(len(skeleton.layers)) if skeleton.is_moe(i))
    generator = torch.Generator().manual_seed(0)
    shapes = skeleton.shapes(index)
    weights = {n: torch.randn(s, generator=generator) * 0.3 for n, s in shapes.items()}
    return skeleton, index, weights


def random_flow(skeleton: Skeleton) -> Flow:
    generator = torch.Generator().manual_seed(1)
    embedding = torch.randn(9, skeleton.config.get_text_config().hidden_size, generator=generator)
    return Flow(torch.randint(9, (2, 16), generator=generator), embedding)


@pytest.mark.parametrize("name", MOE)
def test_inputs_are_shown_without_the_down_projections(name: str) -> None:
    skeleton, index, weights = random_layer(name)
    whole, seen = InputStatistics(), InputStatistics()
    random_flow(skeleton).advance(skeleton.fill(index, weights), whole)
    experts = skeleton.family.experts
    assert experts is not None
    down = {experts.down(e).slot.tensor for e in range(skeleton.layer_experts(index))}
    less = {name: tensor for name, tensor in weights.items() if name not in down}
    random_flow(skeleton).observe(skeleton.fill(index, less), seen)
    assert seen.squares.keys() == whole.squares.keys()
    assert [n for n in whole.squares if not torch.equal(seen.squares[n], whole.squares[n])] == []


@pytest.mark.parametrize("name", ["Mixtral", "Llama 4"])
def test_a_layer_that_was_observed_computes_as_before(name: str) -> None:
    skeleton, index, weights = random_layer(name)
    one, other = random_flow(skeleton), random_flow(skeleton)
    one.advance(skeleton.fill(index, weights))
    filled = skeleton.fill(index, weights)
    other.observe(filled, InputStatistics())
    assert torch.equal(other.hidden, random_flow(skeleton).hidden)
    other.advance(filled)
    assert torch.equal(other.hidden, one.hidden)


@pytest.mark.parametrize(("method", "observes"), [("Magnitude", False), ("Wanda", True)])
def test_splits_are_tried_with_the_forward_passes_they_need(
    model: Path,
    calibration: Path,
    tmp_path: Path,
    stun: Stun,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    observes: bool,
) -> None:
    observed, real = [], Flow.observe

    def observe(flow: Flow, layer: FilledLayer, observer: Observer) -> None:
        observed.append(observer)
        real(flow, layer, observer)

    monkeypatch.setattr(Flow, "observe", observe)
    experts = {"maxDroppedLoad": 1}
    recipe = make_recipe(
        calibration, None, split="Auto", weights={"method": method}, experts=experts
    )
    assert stun("prune", recipe, model=model, output=tmp_path / "out").code == 0
    assert bool(observed) is observes
