"""Bugs that an engine like this one could have: the comparison with the oracle sees each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from stun.experts.grouping import Group
from stun.experts.reduce import ReducedLayer, reduce_experts
from stun.families import Family, Weights
from stun.recipe import Recipe
from tests.comparison import DifferenceError, Pair
from tests.conftest import Stun
from tests.oracle import Question
from tests.tiny import save_mixtral


@pytest.fixture
def pair(model: Path, calibration: Path, tmp_path: Path, stun: Stun) -> Pair:
    return Pair(stun, model, calibration, tmp_path / "out")


def rows_in_another_order(
    weights: Weights, family: Family, groups: list[Group], reconstruct: bool
) -> ReducedLayer:
    reduced = reduce_experts(weights, family, groups, reconstruct)
    turned = {name: reduced.weights[name].flip(0) for name in family.row_tensors}
    return replace(reduced, weights=reduced.weights | turned)


def experts_not_renumbered(
    weights: Weights, family: Family, groups: list[Group], reconstruct: bool
) -> ReducedLayer:
    """The router of the experts kept, before the experts that came first."""
    reduced = reduce_experts(weights, family, groups, reconstruct)
    slots = [slot.tensor for expert in range(len(groups)) for slot in family.expert_slots(expert)]
    first = {name: weights[name].clone() for name in slots}
    return replace(reduced, weights=reduced.weights | first)


def target_of_all_as_that_of_what_stays(
    recipe: Recipe, ratio: float, before: int, after: int
) -> float:
    return recipe.target_sparsity or 0.0


def ties_to_the_higher_index(scores: torch.Tensor, count: int) -> torch.Tensor:
    order = scores.flip(1).sort(dim=1, stable=True).indices[:, :count]
    return torch.zeros_like(scores, dtype=torch.bool).scatter_(1, order, True).flip(1)


def kappa_kept_is_few(recipe: Recipe, after: int) -> bool:
    return after <= recipe.experts.kappa


# Where the bug goes, and the bug.
BUGS: dict[str, tuple[str, Callable[..., Any]]] = {
    "router rows": ("stun.passes.prune.reduce_experts", rows_in_another_order),
    "renumbering": ("stun.passes.prune.reduce_experts", experts_not_renumbered),
    "sparsity": ("stun.plan.weight_sparsity", target_of_all_as_that_of_what_stays),
    "ties": ("stun.weights.prune.smallest_per_row", ties_to_the_higher_index),
    "kappa": ("stun.plan.reconstructs", kappa_kept_is_few),
}


@pytest.mark.parametrize(("place", "bug"), BUGS.values(), ids=BUGS.keys())
def test_the_comparison_sees_a_bug(
    pair: Pair, tmp_path: Path, place: str, bug: Callable[..., Any]
) -> None:
    """Magnitudes in bfloat16 are often equal, and as many experts stay as kappa says."""
    source = save_mixtral(tmp_path / "half", dtype=torch.bfloat16)
    half = replace(pair, model=source, dtype=torch.bfloat16)
    question = Question(0.5, 0.65, "Magnitude")
    half.compare(question, reconstruct="Selective", kappa=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, bug)
        with pytest.raises(DifferenceError):
            replace(half, output=tmp_path / "wrong").compare(
                question, reconstruct="Selective", kappa=4
            )
