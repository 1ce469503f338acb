"""Whatever is wrong with recipe or data ends in one reason, sentence and exit code, no output."""

import json
from math import inf
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Stun
from tests.refusals import refused
from tests.tiny import make_recipe, save_mixtral, write_documents

# Changes of pruning, the reason, a part of the sentence.
BAD_PRUNING: dict[str, tuple[dict[str, Any], str, str]] = {
    "too few experts": ({"experts": {"ratio": 0.9}}, "TooFewExperts", "at most 0.75"),
    "no experts": ({"experts": {"ratio": 0.99}}, "TooFewExperts", "where each token uses 2; give"),
    "sparsity too low": ({"targetSparsity": 0.1}, "SparsityTooLow", "raise the target"),
    "no share fits": (
        {"split": "Auto", "experts": {"ratio": 0.6}},
        "SparsityTooLow",
        "ratio 0.6 alone removes 0.5357 of the prunable",
    ),
    "no share to route": ({"split": "Auto", "experts": {"ratio": 0.9}}, "TooFewExperts", "0.75"),
    "no multiple": ({"experts": {"ratio": 0.25, "multipleOf": 4}}, "RecipeInvalid", "multipleOf"),
    "None with a target": ({"weights": {"method": "None"}}, "RecipeInvalid", "cannot reach"),
    "ratio left open": ({"targetGPUs": 2, "experts": {}}, "RecipeInvalid", "ratio is missing"),
    "nothing asked": (
        {"targetSparsity": None, "experts": {"ratio": 0}},
        "RecipeInvalid",
        "asks for nothing",
    ),
    "unknown field": ({"sparsity": 1}, "RecipeInvalid", "pruning.sparsity is not a field"),
    "wrong type": ({"targetSparsity": "0.4"}, "RecipeInvalid", "pruning.targetSparsity must be"),
}

BAD_DATA: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "missing": ("calibration", {"uri": "/nowhere/x.jsonl"}, "CalibrationInvalid", "does not exist"),
    "too few": ("calibration", {"samples": 31}, "CalibrationInvalid", "30 documents"),
    "too short": ("calibration", {"sequenceLength": 41}, "CalibrationInvalid", "0 documents"),
    "too long": ("calibration", {"sequenceLength": 65}, "CalibrationInvalid", "at most 64"),
    "gate missing": ("perplexity", {"uri": "/nowhere/x"}, "QualityDataInvalid", "does not exist"),
    "gate too few": ("perplexity", {"samples": 21}, "QualityDataInvalid", "20 documents"),
    "no finite limit": (
        "perplexity",
        {"maxIncrease": inf},
        "RecipeInvalid",
        "of at least 0, not inf",
    ),
    "name too long": ("calibration", {"uri": "x" * 300}, "CalibrationInvalid", "too long"),
    "hf": ("perplexity", {"uri": "hf://a/b.jsonl"}, "RecipeInvalid", "hf download"),
}

TEXTS = {
    "no JSON": "not json",
    "neither text nor ids": '{"content": "x"}',
    "ids that are no numbers": '{"input_ids": ["a"]}',
    "outside the vocabulary": json.dumps({"input_ids": [96] * 40}),
    "text without a tokenizer": json.dumps({"text": "word " * 40}),
}


@pytest.mark.parametrize(("changes", "reason", "part"), BAD_PRUNING.values(), ids=BAD_PRUNING)
def test_bad_pruning(
    model: Path,
    calibration: Path,
    tmp_path: Path,
    stun: Stun,
    changes: dict[str, Any],
    reason: str,
    part: str,
) -> None:
    recipe = make_recipe(calibration, None, **changes)
    refused(stun, reason, part, recipe, model, tmp_path / "out")


@pytest.mark.parametrize(("where", "changes", "reason", "part"), BAD_DATA.values(), ids=BAD_DATA)
def test_bad_data(
    model: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    stun: Stun,
    where: str,
    changes: dict[str, Any],
    reason: str,
    part: str,
) -> None:
    section = recipe["calibration"] if where == "calibration" else recipe["quality"]["perplexity"]
    section.update(changes)
    refused(stun, reason, part, recipe, model, tmp_path / "out")


@pytest.mark.parametrize("line", TEXTS.values(), ids=TEXTS.keys())
def test_bad_calibration_line(model: Path, tmp_path: Path, stun: Stun, line: str) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text(line + "\n")
    recipe = make_recipe(data, None)
    recipe["calibration"]["samples"] = 1
    refused(stun, "CalibrationInvalid", str(data), recipe, model, tmp_path / "out")


def test_gate_that_overlaps_calibration(
    model: Path, calibration: Path, tmp_path: Path, stun: Stun
) -> None:
    gate = tmp_path / "gate.jsonl"
    write_documents(gate, 20, 40, seed=3)
    gate.write_text(gate.read_text() + calibration.read_text().splitlines()[4] + "\n")
    recipe = make_recipe(calibration, gate)
    refused(stun, "QualityDataInvalid", "1 documents", recipe, model, tmp_path / "out")


def test_split_auto_starts_from_a_count_that_may_be_served(
    model: Path, recipe: dict[str, Any], stun: Stun
) -> None:
    """All 8 experts may not; 6 and 3 may."""
    recipe["pruning"] |= {"split": "Auto", "experts": {"multipleOf": 3}}
    outcome = stun("inspect", recipe, model=model)
    assert outcome.code == 0, outcome.termination


def test_quality_refused(model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun) -> None:
    recipe["pruning"]["targetSparsity"] = 0.9
    recipe["quality"]["perplexity"]["maxIncrease"] = 0.0
    refused(stun, "QualityRefused", "maxIncrease 0", recipe, trained(tmp_path), tmp_path / "out")


def trained(tmp_path: Path) -> Path:
    """A model that pruning must hurt: large weights, so that noise cannot make it better."""
    return save_mixtral(tmp_path / "sharp", {"initializer_range": 0.1})


@pytest.mark.parametrize(
    ("uri", "part"),
    [
        ("hf://mistralai/Mixtral-8x7B-v0.1", "hf download mistralai/Mixtral-8x7B-v0.1"),
        ("pvc://claim/model", "operator mounts it"),
        ("ftp://host/model", "no URI"),
        ("s3:///model", "names no bucket"),
        ("s3://[bucket/model", "no URI"),
    ],
)
def test_refused_uri(
    recipe: dict[str, Any], tmp_path: Path, stun: Stun, uri: str, part: str
) -> None:
    refused(stun, "RecipeInvalid", part, recipe, uri, tmp_path / "out")


def test_output_inside_the_model(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    outcome = stun("prune", recipe, model=model, output=model.parent)
    assert outcome.termination["reason"] == "OutputConflict"


@pytest.mark.parametrize("name", ["too few experts", "no share fits", "too few"])
def test_inspect_refuses_the_same(
    model: Path, recipe: dict[str, Any], stun: Stun, name: str
) -> None:
    """Some of each table: what a CPU pod can find out costs no GPU."""
    if name in BAD_PRUNING:
        changes, expected, _ = BAD_PRUNING[name]
        recipe["pruning"].update(changes)
    else:
        _, changes, expected, _ = BAD_DATA[name]
        recipe["calibration"].update(changes)
    outcome = stun("inspect", recipe, model=model)
    assert (outcome.code, outcome.termination["reason"]) == (2, expected)
