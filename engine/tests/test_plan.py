"""Counts from a recipe and a configuration, and the recipe's own grammar."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stun.errors import StunError
from stun.families import ModelConfig, read_config
from stun.families.table import FAMILIES
from stun.model.skeleton import Skeleton
from stun.plan import Plan, check_count, count_prunable, kept_experts, make_plan
from stun.recipe import Recipe
from stun.recipe_parser import load_recipe, parse_recipe
from tests.families import CASES, make_config
from tests.tiny import make_recipe, mixtral_config

MIXTRAL = FAMILIES["MixtralForCausalLM"]
RAW = mixtral_config().to_dict() | {"architectures": ["MixtralForCausalLM"]}
CONFIG = read_config(RAW, "m", MIXTRAL)
SKELETON = Skeleton(RAW, MIXTRAL, "m")


def parsed(**pruning: object) -> Recipe:
    return parse_recipe(make_recipe("c.jsonl", None, **pruning))


def plan(**pruning: object) -> Plan:
    recipe = parsed(**pruning)
    return make_plan(recipe, recipe.ratio, SKELETON, CONFIG)


@pytest.mark.parametrize(
    ("ratio", "kept"), [(0, 8), (0.05, 8), (0.0625, 7), (0.25, 6), (0.3, 6), (0.75, 2)]
)
def test_kept_experts_round_half_up(ratio: float, kept: int) -> None:
    assert kept_experts(ratio, CONFIG) == kept


def test_prunable_parameters_leave_the_router_out() -> None:
    attention = 32 * 32 + 2 * 16 * 32 + 32 * 32
    prunable = count_prunable(SKELETON)
    assert prunable.total == 3 * (attention + 8 * 3 * 24 * 32)
    assert prunable.after(8) == 3 * attention


def test_weight_sparsity_meets_the_overall_target() -> None:
    made = plan(targetSparsity=0.4)
    left = made.prunable_after * (1 - made.weight_sparsity)
    assert left / made.prunable_before == pytest.approx(0.6)


def test_a_target_that_the_ratio_meets_exactly_prunes_no_weight() -> None:
    prunable = count_prunable(SKELETON)
    exact = 1 - prunable.after(2) / prunable.total
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


def deepseek(**changes: object) -> ModelConfig:
    """DeepSeek-V3 whose tokens use as many experts as there are groups for them."""
    values = {**dict(CASES["DeepSeek-V3"].values), "topk_group": 2, **changes}
    raw = make_config(replace(CASES["DeepSeek-V3"], values=values)).to_dict()
    family = FAMILIES["DeepseekV3ForCausalLM"]
    return read_config({**raw, "architectures": [family.architecture]}, "m", family)


# Experts kept of 8, n_group, the highest ratio that the sentence offers.
TOO_FEW_IN_A_GROUP = [(2, 2, 0.5), (4, 4, 0), (1, 1, 0.75)]


@pytest.mark.parametrize(("after", "groups", "most"), TOO_FEW_IN_A_GROUP)
def test_each_group_keeps_the_two_experts_that_it_is_ranked_by(
    after: int, groups: int, most: float
) -> None:
    """DeepSeek-V3's router adds the two best scores of a group: with one it cannot run."""
    config = deepseek(n_group=groups, num_experts_per_tok=1)
    recipe = parsed(experts={"ratio": 1 - after / 8})
    remedy = f"give at most {most:g}" if most else "leave pruning.experts.ratio out"
    with pytest.raises(StunError, match=f"2 best experts; {remedy}\\.") as caught:
        check_count(1 - after / 8, after, recipe, config)
    assert caught.value.reason == "TooFewExperts"
    check_count(most, round(8 * (1 - most)), recipe, config)


METHODS: list[tuple[dict[str, Any], str]] = [
    ({"targetSparsity": 0.4, "weights": {"method": "Wanda", "owl": {"m": 5}}}, "Wanda"),
    ({"targetSparsity": None, "weights": {"method": "OWL"}}, "None"),
    ({"targetSparsity": None, "weights": {}}, "None"),
    ({"targetSparsity": 0.4, "weights": {}}, "OWL"),
]


@pytest.mark.parametrize(("pruning", "expected"), METHODS)
def test_weights_are_pruned_only_for_a_target(pruning: dict[str, Any], expected: str) -> None:
    assert parsed(**pruning).weights.method == expected


@pytest.mark.parametrize(("split", "expected"), [("Manual", "STUN"), ("Auto", "Medoids")])
def test_the_split_decides_which_method_is_the_default(split: str, expected: str) -> None:
    assert parsed(split=split, experts={"ratio": 0.25}).experts.method == expected


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


def test_every_field_reaches_the_recipe() -> None:
    """Values that differ from all defaults."""
    recipe = parsed(**EVERY_FIELD)
    experts, weights = recipe.experts, recipe.weights
    assert (recipe.target_sparsity, recipe.target_gpus, recipe.split) == (0.5, 2, "Auto")
    assert (experts.ratio, experts.method, experts.linkage) == (0.25, "REAP", "Official")
    assert (experts.threshold, experts.router, experts.coactivation) == ("PerLayer", 0.5, 2)
    assert (experts.reconstruct, experts.kappa, experts.multiple_of) == ("Always", 4, 2)
    assert experts.max_dropped_load == 0.2
    assert (weights.method, weights.owl_lambda, weights.owl_m) == ("OWL", 0.1, 7)


EVERY_FIELD = {
    "targetSparsity": 0.5,
    "targetGPUs": 2,
    "split": "Auto",
    "experts": {
        "ratio": 0.25, "method": "REAP", "linkage": "Official", "threshold": "PerLayer",
        "similarity": {"router": 0.5, "coactivation": 2}, "reconstruct": "Always", "kappa": 4,
        "multipleOf": 2, "maxDroppedLoad": 0.2,
    },
    "weights": {"method": "OWL", "owl": {"lambda": 0.1, "m": 7}},
}  # fmt: skip


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("experts", {"linkage": "Single"}, "experts.linkage is 'Single'; write Complete"),
    ("experts", {"threshold": "Each"}, "experts.threshold is 'Each'; write PerLayer"),
    ("experts", {"threshold": "Global", "similarity": {"coactivation": 1}}, "coactivation 0"),
    ("experts", {"similarity": {"router": 0}}, "coactivation are both 0"),
    ("experts", {"similarity": {"router": -1}}, "similarity.router must be a number"),
    ("experts", {"similarity": {"gate": 1}}, "similarity.gate is not a field"),
    ("experts", {"maxDroppedLoad": 1.1}, "experts.maxDroppedLoad must be a number"),
    ("experts", {"kappa": -1}, "experts.kappa must be a whole number"),
    ("experts", {"kappa": True}, "experts.kappa must be a whole number"),
    ("experts", {"ratio": True}, "experts.ratio must be a number"),
    ("experts", {"method": "Best"}, "experts.method is 'Best'; write STUN"),
    ("weights", {"method": "Wanda", "lambda": 1}, "weights.lambda is not a field"),
    ("weights", {"method": "OWL", "owl": {"lambda": -1}}, "owl.lambda must be a number"),
    ("weights", {"method": "OWL", "owl": {"lambda": 2}}, "owl.lambda must be a number"),
    ("weights", {"method": "OWL", "owl": {"m": 1001}}, "owl.m must be a number"),
    ("experts", {"similarity": {"router": 1e300}}, "similarity.router must be a number"),
    ("weights", {"method": "OWL", "owl": {"kappa": 1}}, "owl.kappa is not a field"),
]


@pytest.mark.parametrize(("section", "changes", "part"), REFUSED)
def test_refused_by_name(section: str, changes: dict[str, Any], part: str) -> None:
    recipe = make_recipe("c.jsonl", None)
    recipe["pruning"][section] |= changes
    with pytest.raises(StunError, match=part):
        parse_recipe(recipe)


WHOLE: list[tuple[dict[str, Any], str]] = [
    ({"pruning": []}, "pruning must be an object"),
    ({"pruning": {"split": "Half", "targetSparsity": 0.1}}, "pruning.split is 'Half'"),
    ({"pruning": {"experts": {"ratio": 0.1}}, "serving": {}}, "serving is not a field"),
    ({"": 1, "pruning": {"experts": {"ratio": 0.1}}}, "^'' is not a field"),
    ({"pruning": {"experts": {"ratio": 0.1}, "": 1}}, r"^pruning\.'' is not a field"),
    ({"calibration": {"uri": 5}}, "calibration.uri must be text, not 5"),
    ({"quality": {"tasks": {}}}, "quality.tasks must be a list"),
    ({"quality": {"tasks": [{"uri": "t"}]}}, r"quality.tasks\[0\].name is missing"),
    ({"quality": {"tasks": [{"name": "a", "uri": "t", "x": 1}]}}, r"tasks\[0\].x is not a field"),
    ({"quality": {"perplexity": {}}}, "quality.perplexity.uri is missing"),
    ({"quality": {"endpoint": {"tasks": [{"name": "arc", "uri": "t"}]}}}, "no task 'arc'"),
    ({"quality": {"endpoint": {"gsm8k": 0.9}}}, "quality.endpoint.gsm8k is not a field"),
]


def auto(experts: dict[str, Any], samples: int = 2) -> dict[str, Any]:
    pruning = {"split": "Auto", "targetSparsity": 0.1, "experts": experts}
    return {"pruning": pruning, "calibration": {"uri": "c.jsonl", "samples": samples}}


# Relations between sections, which the schema leaves to the parser.
UNRELATED: list[tuple[dict[str, Any], str]] = [
    ({"pruning": {}}, "asks for nothing"),
    ({"pruning": {"split": "Auto", "experts": {"ratio": 0.5}}}, "divides pruning.targetSparsity"),
    (auto({}, samples=1), "give calibration.samples of 2 or more"),
    (auto({"method": "Combinatorial"}), "choose another pruning.experts.method"),
    ({"pruning": {"targetSparsity": 0.1, "weights": {"method": "Wanda"}}}, "Wanda needs calib"),
    ({"pruning": {"targetSparsity": 0.1}}, "OWL needs calibration"),
    ({"pruning": {"experts": {"ratio": 0.1, "method": "REAP"}}}, "REAP needs calibration"),
]


@pytest.mark.parametrize(("recipe", "part"), WHOLE + UNRELATED)
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


def test_a_field_that_is_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text('{"pruning": {"targetSparsity": 0.4, "targetSparsity": 0.5}}')
    with pytest.raises(StunError, match="says targetSparsity twice"):
        load_recipe(str(path))
