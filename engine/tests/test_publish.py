"""What is published: its bytes, its name, its manifest; and what is done with it later."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Outcome, Stun
from tests.tiny import write_documents


def prune(stun: Stun, recipe: dict[str, Any], model: Path, output: Path) -> Outcome:
    outcome = stun("prune", recipe, model=model, output=output)
    assert outcome.code == 0, outcome.termination
    return outcome


def contents(folder: Path) -> dict[str, bytes]:
    """Everything but the reports, which alone may hold times."""
    files = [path for path in folder.iterdir() if not path.name.startswith("stun-report.")]
    return {path.name: path.read_bytes() for path in files}


def test_answer_and_termination(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    outcome = prune(stun, recipe, model, tmp_path / "out")
    result = outcome.termination
    folder = tmp_path / "out" / "tiny" / result["runKey"]
    assert outcome.answer == {
        "uri": f"{folder}/",
        "manifestDigest": result["manifestDigest"],
        "sparsity": result["sparsity"],
        "expertsKept": outcome.answer["expertsKept"],
    }
    digest = hashlib.sha256((folder / "stun-manifest.json").read_bytes()).hexdigest()
    assert result["manifestDigest"] == f"sha256:{digest}"
    assert (result["kind"], result["reused"]) == ("Result", False)
    assert (result["expertsBefore"], result["expertsAfter"]) == (8, 6)
    assert result["bytesAfter"] < result["bytesBefore"]
    assert result["quality"]["perplexity"]["tokens"] == 8 * 31
    assert [stage["stage"] for stage in result["stages"]] == [
        "Inspect",
        "Quality",
        "Experts",
        "Weights",
        "Publish",
    ]


def test_sparsity_is_near_the_target(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    """Within one entry a row, and the rows here have at least 24."""
    outcome = prune(stun, recipe, model, tmp_path / "out")
    assert 0.4 - 1 / 24 <= outcome.termination["sparsity"] <= 0.4


def test_two_runs_give_the_same_bytes(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    first = prune(stun, recipe, model, tmp_path / "one")
    second = prune(stun, recipe, model, tmp_path / "two")
    assert contents(Path(first.answer["uri"])) == contents(Path(second.answer["uri"]))


def test_companions_are_copied_byte_for_byte(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    source = tmp_path / "source"
    shutil.copytree(model, source)
    wanted = {"LICENSE", "chat_template.jinja", "tokenizer_config.json"}
    for name in wanted | {".gitattributes", "pytorch_model.bin", "stun-report.json", "photo.png"}:
        (source / name).write_text(f"bytes of {name}\r\n")
    outcome = prune(stun, recipe, source, tmp_path / "out")
    published = contents(Path(outcome.answer["uri"]))
    for name in wanted | {"generation_config.json"}:
        assert published[name] == (source / name).read_bytes()
    weights = {name for name in published if name.endswith(".safetensors")}
    made = {"README.md", "config.json", "model.safetensors.index.json", "stun-manifest.json"}
    assert published.keys() == wanted | {"generation_config.json"} | weights | made


def test_config_changes_in_one_number_only(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    outcome = prune(stun, recipe, model, tmp_path / "out")
    source = (model / "config.json").read_text()
    published = Path(outcome.answer["uri"], "config.json").read_text()
    assert published == source.replace('"num_local_experts": 8', '"num_local_experts": 6')


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
    result = prune(stun, recipe, model, output).termination
    assert result["runKey"] == facts.answer["runKey"]
    existing = stun("inspect", recipe, model=model, output=output).answer["existing"]
    assert existing == {**result, "reused": True}


def test_a_published_key_is_reused(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    first = prune(stun, recipe, model, tmp_path / "out")
    weights = min(Path(first.answer["uri"]).glob("*.safetensors"))
    written = weights.stat().st_mtime_ns
    again = prune(stun, recipe, model, tmp_path / "out")
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
    prune(stun, recipe, model, tmp_path / "out")
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
    first = prune(stun, recipe, model, tmp_path / "out")
    # As if the other run had published after this one looked.
    monkeypatch.setattr("stun.commands.prune.find_published", lambda storage: None)
    second = prune(stun, recipe, model, tmp_path / "out")
    assert second.answer == first.answer
    assert second.termination["reused"] is True


def test_evaluate_gives_the_runs_own_figures(
    model: Path, recipe: dict[str, Any], gate: Path, tmp_path: Path, stun: Stun
) -> None:
    result = prune(stun, recipe, model, tmp_path / "out").termination
    change = result["quality"]["perplexity"]
    for uri, expected in ((model, change["before"]), (result["uri"], change["after"])):
        outcome = stun("evaluate", model=uri, data=gate, samples=8, length=32)
        assert outcome.answer["perplexity"] == pytest.approx(expected, rel=1e-4)
    assert change["increase"] == pytest.approx(change["after"] / change["before"] - 1)
    assert change["upperBound"] > change["increase"]


@pytest.mark.parametrize(("method", "sequences"), [("STUN", 16), ("REAP", 20)])
def test_the_report_says_how_many_tokens_told_the_load(
    model: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    stun: Stun,
    method: str,
    sequences: int,
) -> None:
    """Fewer than were given where the choice of experts does not depend on them."""
    recipe["calibration"]["samples"] = 20
    recipe["pruning"]["experts"]["method"] = method
    outcome = prune(stun, recipe, model, tmp_path / "out")
    report = json.loads(Path(outcome.answer["uri"], "stun-report.json").read_text())
    assert report["routedTokens"] == sequences * 32


def test_verify_accepts_what_was_published(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    first = prune(stun, recipe, model, tmp_path / "out")
    outcome = stun("verify", model=first.answer["uri"])
    assert outcome.code == 0
    assert outcome.answer["manifestDigest"] == first.answer["manifestDigest"]


def flip_last_byte(folder: Path) -> None:
    path = min(folder.glob("*.safetensors"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def state_other_zeros(folder: Path) -> None:
    path = folder / "stun-manifest.json"
    manifest = json.loads(path.read_text())
    manifest["zeros"][1] += 1
    path.write_text(json.dumps(manifest))


TAMPERING = {
    "a byte": (flip_last_byte, "ModelCorrupt"),
    "the zeros": (state_other_zeros, "ModelCorrupt"),
    "a file": (lambda f: (f / "generation_config.json").unlink(), "ModelCorrupt"),
    "the manifest": (lambda f: (f / "stun-manifest.json").unlink(), "ModelNotFound"),
}


@pytest.mark.parametrize(("tamper", "reason"), TAMPERING.values(), ids=TAMPERING.keys())
def test_verify_refuses_what_was_changed(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun, tamper: Any, reason: str
) -> None:
    first = prune(stun, recipe, model, tmp_path / "out")
    tamper(Path(first.answer["uri"]))
    outcome = stun("verify", model=first.answer["uri"])
    assert (outcome.code, outcome.termination["reason"]) == (2, reason)


def test_clean_removes_an_unpublished_run_only(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    first = prune(stun, recipe, model, tmp_path / "out")
    folder, run = Path(first.answer["uri"]), first.termination["runKey"]
    kept = stun("clean", model=model, output=tmp_path / "out", run=run)
    assert (kept.code, kept.answer["published"], kept.answer["removed"]) == (0, True, 0)
    assert (folder / "stun-manifest.json").exists()
    (folder / "stun-manifest.json").unlink()
    (folder / ".half.partial").write_text("x")
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates" / "tool_use.jinja").write_text("x")
    cleaned = stun("clean", model=model, output=tmp_path / "out", run=run)
    assert (cleaned.code, cleaned.answer["published"]) == (0, False)
    assert not folder.exists()
    assert stun("clean", model=model, output=tmp_path / "out", run=run).code == 0


def test_one_file_holds_one_layer(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    folder = Path(prune(stun, recipe, model, tmp_path / "out").answer["uri"])
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    contents: dict[str, set[str]] = {}
    for name, file in index["weight_map"].items():
        place = ".".join(name.split(".")[:3]) if ".layers." in name else name
        contents.setdefault(file, set()).add(place)
    layers = [{f"model.layers.{number}"} for number in range(3)]
    rest = {"model.norm.weight", "lm_head.weight"}
    expected = [{"model.embed_tokens.weight"}, *layers, rest]
    assert [contents[name] for name in sorted(contents)] == expected
    assert sorted(contents) == [f"model-{n:05d}-of-00005.safetensors" for n in range(1, 6)]


@pytest.mark.parametrize("run", ["", "..", "0123456789ABCDEF", "0123456789abcdef/"])
def test_clean_refuses_what_is_no_run_key(
    model: Path, tmp_path: Path, stun: Stun, run: str
) -> None:
    (tmp_path / "out" / "tiny").mkdir(parents=True)
    (tmp_path / "out" / "tiny" / "precious").write_text("x")
    outcome = stun("clean", model=model, output=tmp_path / "out", run=run)
    assert (outcome.code, outcome.termination["reason"]) == (2, "RecipeInvalid")
    assert (tmp_path / "out" / "tiny" / "precious").exists()


def test_leftovers_of_a_killed_run_are_not_published(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    key = stun("inspect", recipe, model=model).answer["runKey"]
    folder = tmp_path / "out" / "tiny" / key
    folder.mkdir(parents=True)
    (folder / "model-00001-of-00009.safetensors").write_text("half")
    prune(stun, recipe, model, tmp_path / "out")
    assert not (folder / "model-00001-of-00009.safetensors").exists()


def test_a_foreign_manifest_is_a_conflict(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    key = stun("inspect", recipe, model=model).answer["runKey"]
    folder = tmp_path / "out" / "tiny" / key
    folder.mkdir(parents=True)
    (folder / "stun-manifest.json").write_text("{}")
    outcome = stun("prune", recipe, model=model, output=tmp_path / "out")
    assert (outcome.code, outcome.termination["reason"]) == (2, "OutputConflict")


def test_an_output_that_lies_in_a_file(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    (tmp_path / "file").write_text("mine")
    outcome = stun("prune", recipe, model=model, output=tmp_path / "file")
    assert (outcome.code, outcome.termination["reason"]) == (2, "OutputConflict")
    assert "lies in a file" in outcome.termination["message"]
    assert (tmp_path / "file").read_text() == "mine"
