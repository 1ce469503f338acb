"""The search over all kept sets, in each family, against running the block of each set."""

import copy
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.arctic import NaiveArctic
from tests.comparison import calibration_ids, load_whole, prune, recipe_of
from tests.conftest import Stun
from tests.families import CASES, Case, save_family
from tests.oracle import Question
from tests.oracle.experts import COUNTS
from tests.oracle.parts import block_of, layers_of
from tests.test_arctic import save

EXPERTS, KEPT, SAMPLES = 8, 4, 3
ARCTIC = "Arctic"
SERVED = [name for name, case in CASES.items() if case.experts and not name.startswith("Llama 4")]


def make(name: str, path: Path) -> Any:
    """What loads the saved model."""
    if name == ARCTIC:
        save(path, "as published")
        return NaiveArctic
    save_family(CASES[name], path)
    return CASES[name].auto


def recipe(calibration: Path) -> dict[str, Any]:
    asked = recipe_of(Question(0.5, None, "None"), calibration, method="Combinatorial")
    asked["calibration"]["samples"] = SAMPLES
    return asked


@pytest.mark.parametrize("name", [*SERVED, ARCTIC])
def test_the_kept_set_is_that_with_the_smallest_error(
    calibration: Path, tmp_path: Path, stun: Stun, name: str
) -> None:
    auto = make(name, tmp_path / "model")
    outcome = prune(stun, recipe(calibration), tmp_path / "model", tmp_path / "out")
    further = CASES.get(name, Case("", "")).further
    load_whole(auto, outcome.answer["uri"], "model.layers.3." if further else "no name")
    ids = calibration_ids(tmp_path / "model", calibration)[:SAMPLES]
    dense = auto.from_pretrained(tmp_path / "model", dtype=torch.float32)
    assert outcome.answer["expertsKept"] == best_sets(dense, ids)


@torch.no_grad()
def best_sets(dense: Any, ids: torch.Tensor) -> dict[str, list[int]]:
    """Of each layer with experts, by the outputs of its block on what it sees of these tokens."""
    blocks = {str(i): block_of(layer) for i, layer in enumerate(layers_of(dense))}
    seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    for index, block in blocks.items():
        if block is not None:
            block.register_forward_hook(remember(seen, index))
    dense(ids)
    small = empty_blocks(dense)
    return {
        index: min(
            (list(kept) for kept in combinations(range(EXPERTS), KEPT)),
            key=lambda kept: error(small[index], blocks[index], kept, *seen[index]),
        )
        for index in seen
    }


def remember(seen: dict[str, tuple[torch.Tensor, torch.Tensor]], index: str) -> Any:
    def hook(block: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        seen[index] = (inputs[0].clone(), first(output).clone())

    return hook


def first(output: Any) -> torch.Tensor:
    """Some blocks return their router's scores too."""
    found: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return found


def empty_blocks(dense: Any) -> dict[str, Any]:
    """The blocks of a model with so many experts as are kept."""
    config = copy.deepcopy(dense.config)
    for key in COUNTS:
        if hasattr(config, key):
            setattr(config, key, KEPT)
    small = type(dense)(config).eval()
    return {str(index): block_of(layer) for index, layer in enumerate(layers_of(small))}


def error(
    small: nn.Module, block: nn.Module, kept: list[int], states: torch.Tensor, output: torch.Tensor
) -> float:
    rows = ("experts.", "gate.", "router.")
    state = block.state_dict().items()
    small.load_state_dict({n: t[kept] if n.startswith(rows) else t for n, t in state})
    return float((first(small(states)) - output).double().square().sum())


@pytest.mark.parametrize("name", ["Llama 4", "Llama 4, multimodal"])
def test_a_family_that_weighs_inputs_is_refused(
    calibration: Path, tmp_path: Path, stun: Stun, name: str
) -> None:
    source = save_family(CASES[name], tmp_path / "model")
    outcome = stun("prune", recipe(calibration), model=source, output=tmp_path / "out")
    assert (outcome.code, outcome.termination["reason"]) == (2, "RecipeInvalid")
    assert "choose Medoids or REAP." in outcome.termination["message"]
