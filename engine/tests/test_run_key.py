"""The name of a result: what it depends on, and what a run does that finds it published."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Stun, publish
from tests.tiny import write_documents

KEY_CHANGES: dict[str, dict[str, Any]] = {
    "targetSparsity": {"targetSparsity": 0.5},
    "ratio": {"experts": {"ratio": 0.125}},
    "kappa": {"experts": {"ratio": 0.25, "kappa": 5}},
    "method": {"weights": {"method": "Magnitude"}},
}


@pytest.mark.parametrize("changes", KEY_CHANGES.values(), ids=KEY_CHANGES.keys())
def test_run_key_changes_with_the_pruning(
    model: Path, recipe: dict[str, Any], stun: Stun, changes: dict[str, Any]
) -> None:
    before = stun("inspect", recipe, model=model).answer["runKey"]
    recipe["pruning"].update(changes)
    assert stun("inspect", recipe, model=model).answer["runKey"] != before


def test_run_key_follows_source_and_calibration_not_names(
    model: Path, calibration: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    def key(source: Path) -> object:
        return stun("inspect", recipe, model=source).answer["runKey"]

    moved = tmp_path / "moved"
    shutil.copytree(model, moved)  # keeps modification times
    first = key(model)
    assert key(moved) == first
    recipe["quality"]["perplexity"]["maxIncrease"] = 0.5
    recipe["calibration"]["uri"] = str(shutil.copy(calibration, tmp_path / "other.jsonl"))
    assert key(model) == first
    recipe["calibration"]["uri"] = str(write_documents(tmp_path / "new.jsonl", 30, 40, seed=9))
    assert key(model) != first
    os.utime(moved / "config.json", ns=(1, 1))
    recipe["calibration"]["uri"] = str(calibration)
    assert key(moved) != first


def test_run_key_waits_for_the_ratio(model: Path, recipe: dict[str, Any], stun: Stun) -> None:
    """With targetGPUs alone the plan decides the ratio, and the ratio is part of the key."""
    recipe["pruning"] = {"targetGPUs": 2, "experts": {}}
    asked = stun("inspect", recipe, model=model, output="/nowhere").answer
    recipe["pruning"]["experts"]["ratio"] = 0.25
    planned = stun("inspect", recipe, model=model).answer
    assert (asked["existing"], asked["experts"]) == (None, 8)
    assert asked["runKey"] != planned["runKey"]
    del recipe["pruning"]["targetGPUs"]
    assert stun("inspect", recipe, model=model).answer["runKey"] == planned["runKey"]


def test_prune_publishes_under_the_key_that_inspect_names(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    output = tmp_path / "out"
    facts = stun("inspect", recipe, model=model, output=output)
    assert facts.answer == facts.termination
    assert facts.answer["existing"] is None
    result = publish(stun, recipe, model, output).termination
    assert result["runKey"] == facts.answer["runKey"]
    existing = stun("inspect", recipe, model=model, output=output).answer["existing"]
    assert existing == {**result, "reused": True}


def test_a_published_key_is_reused(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    first = publish(stun, recipe, model, tmp_path / "out")
    weights = min(Path(first.answer["uri"]).glob("*.safetensors"))
    written = weights.stat().st_mtime_ns
    again = publish(stun, recipe, model, tmp_path / "out")
    assert again.answer == first.answer
    assert again.termination == {**first.termination, "reused": True}
    assert weights.stat().st_mtime_ns == written


def test_a_reused_result_is_held_against_this_recipes_limit_of_load(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    places = {"model": model, "output": tmp_path / "out"}
    assert stun("prune", recipe, **places).code == 0
    recipe["pruning"]["experts"]["maxDroppedLoad"] = 0.001
    for command in ("prune", "inspect"):
        again = stun(command, recipe, **places)
        assert (again.code, again.termination["reason"]) == (4, "DroppedLoadExceeded")


def test_a_reused_result_passes_this_recipes_gate(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    publish(stun, recipe, model, tmp_path / "out")
    recipe["quality"]["perplexity"]["maxIncrease"] = 0
    for command in ("inspect", "prune"):
        outcome = stun(command, recipe, model=model, output=tmp_path / "out")
        assert (outcome.code, outcome.termination["reason"]) == (4, "QualityRefused")
    recipe["quality"]["perplexity"]["samples"] = 9
    for command in ("inspect", "prune"):
        outcome = stun(command, recipe, model=model, output=tmp_path / "out")
        assert (outcome.code, outcome.termination["reason"]) == (2, "QualityDataInvalid")


def test_the_loser_of_a_race_reports_the_winners_result(
    model: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    stun: Stun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = publish(stun, recipe, model, tmp_path / "out")
    # As if the other run had published after this one looked.
    monkeypatch.setattr("stun.commands.prune.find_published", lambda *_: None)
    second = publish(stun, recipe, model, tmp_path / "out")
    assert second.answer == first.answer
    assert second.termination["reused"] is True
