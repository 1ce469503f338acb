"""Counts from a recipe and a configuration, and the recipe's own grammar."""

import json
from pathlib import Path
from typing import Any

import pytest

from stun.errors import StunError
from stun.families.mixtral import MIXTRAL
from stun.families.registry import read_config
from stun.plan import Plan, kept_experts, make_plan, prunable_parameters
from stun.recipe_parser import load_recipe, parse_recipe
from tests.tiny import make_recipe, mixtral_config

CONFIG = read_config(mixtral_config().to_dict() | {"architectures": ["MixtralForCausalLM"]}, "m")


def plan(**pruning: object) -> Plan:
    return make_plan(parse_recipe(make_recipe("c.jsonl", None, **pruning)), MIXTRAL, CONFIG)


@pytest.mark.parametrize(
    ("ratio", "kept"), [(0, 8), (0.05, 8), (0.0625, 7), (0.25, 6), (0.3, 6), (0.75, 2)]
)
def test_kept_experts_round_half_up(ratio: float, kept: int) -> None:
    assert kept_experts(ratio, CONFIG) == kept


def test_prunable_parameters_leave_the_router_out() -> None:
    attention = 32 * 32 + 2 * 16 * 32 + 32 * 32
    assert prunable_parameters(MIXTRAL, CONFIG, 8) == 3 * (attention + 8 * 3 * 24 * 32)
    assert prunable_parameters(MIXTRAL, CONFIG, 0) == 3 * attention


def test_weight_sparsity_meets_the_overall_target() -> None:
    made = plan(targetSparsity=0.4)
    left = made.prunable_after * (1 - made.weight_sparsity)
    assert left / made.prunable_before == pytest.approx(0.6)


def test_a_target_that_the_ratio_meets_exactly_prunes_no_weight() -> None:
    exact = 1 - prunable_parameters(MIXTRAL, CONFIG, 6) / prunable_parameters(MIXTRAL, CONFIG, 8)
    assert plan(targetSparsity=exact).weight_sparsity == 0


RECONSTRUCTION = [
    ("Selective", 3, False),
    ("Selective", 6, False),
    ("Selective", 7, True),
    ("Never", 99, False),
    ("Always", 0, True),
]


@pytest.mark.parametrize(("choice", "kappa", "expected"), RECONSTRUCTION)
def test_selective_means_fewer_than_kappa_kept(choice: str, kappa: int, expected: bool) -> None:
    experts = {"ratio": 0.25, "reconstruct": choice, "kappa": kappa}
    assert plan(experts=experts).reconstruct is expected


METHODS: list[tuple[dict[str, Any], str]] = [
    ({"targetSparsity": 0.4, "weights": {"method": "Wanda", "owl": {"m": 5}}}, "Wanda"),
    ({"targetSparsity": None, "weights": {"method": "OWL"}}, "None"),
    ({"targetSparsity": None, "weights": {}}, "None"),
]


@pytest.mark.parametrize(("pruning", "expected"), METHODS)
def test_weights_are_pruned_only_for_a_target(pruning: dict[str, Any], expected: str) -> None:
    assert plan(**pruning).weights_method == expected


API_DEFAULTS = {
    "targetSparsity": 0.4,
    "split": "Manual",
    "experts": {
        "ratio": 0.25, "method": "STUN", "linkage": "Complete", "threshold": "PerLayer",
        "similarity": {"router": 1, "coactivation": 0}, "reconstruct": "Selective", "kappa": 3,
        "multipleOf": 1, "maxDroppedLoad": 0.35,
    },
    "weights": {"method": "Wanda", "owl": {"lambda": 0.08, "m": 5}},
}  # fmt: skip


def test_everything_that_the_api_server_fills_in_is_accepted() -> None:
    assert plan(**API_DEFAULTS) == plan()


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("experts", {"linkage": "Official"}, "experts.linkage Official is not supported yet"),
    ("experts", {"threshold": "Global"}, "experts.threshold Global is not supported yet"),
    ("experts", {"similarity": {"coactivation": 1}}, "coactivation is not supported yet"),
    ("experts", {"similarity": {"router": 0}}, "router must be above 0"),
    ("experts", {"maxDroppedLoad": 0.1}, "maxDroppedLoad is not supported yet"),
    ("experts", {"kappa": -1}, "experts.kappa must be a whole number"),
    ("experts", {"kappa": True}, "experts.kappa must be a whole number"),
    ("experts", {"ratio": True}, "experts.ratio must be a number"),
    ("experts", {"method": "Best"}, "experts.method is 'Best'; write STUN"),
    ("weights", {"method": "Wanda", "lambda": 1}, "weights.lambda is not a field"),
]


@pytest.mark.parametrize(("section", "changes", "part"), REFUSED)
def test_refused_by_name(section: str, changes: dict[str, Any], part: str) -> None:
    recipe = make_recipe("c.jsonl", None)
    recipe["pruning"][section] |= changes
    with pytest.raises(StunError, match=part):
        parse_recipe(recipe)


WHOLE: list[tuple[dict[str, Any], str]] = [
    ({"pruning": []}, "pruning must be an object"),
    ({"pruning": {"split": "Auto"}}, "split Auto is not supported yet"),
    ({"pruning": {"experts": {"ratio": 0.1}}, "serving": {}}, "serving is not a field"),
    ({"pruning": {"targetSparsity": 0.1, "weights": {"method": "Wanda"}}}, "needs calibration"),
    ({"quality": {"tasks": [{}]}}, "quality.tasks is not supported yet"),
    ({"quality": {"perplexity": {}}}, "quality.perplexity.uri is missing"),
]


@pytest.mark.parametrize(("recipe", "part"), WHOLE)
def test_refused_as_a_whole(recipe: dict[str, Any], part: str) -> None:
    with pytest.raises(StunError, match=part):
        parse_recipe(recipe)


def test_a_recipe_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = json.dumps(make_recipe("c.jsonl", None))
    (tmp_path / "recipe.json").write_text(text)
    monkeypatch.setenv("SOME_RECIPE", text)
    assert load_recipe(str(tmp_path / "recipe.json")) == load_recipe("env:SOME_RECIPE")
    (tmp_path / "recipe.json").write_text("{")
    for source in (str(tmp_path / "recipe.json"), str(tmp_path / "none"), "env:NOT_SET"):
        with pytest.raises(StunError, match="ecipe"):
            load_recipe(source)
