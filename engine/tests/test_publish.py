"""What is published: its bytes, its name, its manifest."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.attempts import contents
from tests.conftest import Stun, publish


def test_answer_and_termination(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    outcome = publish(stun, recipe, model, tmp_path / "out")
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
    outcome = publish(stun, recipe, model, tmp_path / "out")
    assert 0.4 - 1 / 24 <= outcome.termination["sparsity"] <= 0.4


def test_two_runs_give_the_same_bytes(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    first = publish(stun, recipe, model, tmp_path / "one")
    second = publish(stun, recipe, model, tmp_path / "two")
    assert contents(Path(first.answer["uri"])) == contents(Path(second.answer["uri"]))


def test_companions_are_copied_byte_for_byte(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    source = tmp_path / "source"
    shutil.copytree(model, source)
    wanted = {"LICENSE", "chat_template.jinja", "tokenizer_config.json"}
    for name in wanted | {".gitattributes", "pytorch_model.bin", "stun-report.json", "photo.png"}:
        (source / name).write_text(f"bytes of {name}\r\n")
    outcome = publish(stun, recipe, source, tmp_path / "out")
    published = contents(Path(outcome.answer["uri"]))
    for name in wanted | {"generation_config.json"}:
        assert published[name] == (source / name).read_bytes()
    weights = {name for name in published if name.endswith(".safetensors")}
    made = {"README.md", "config.json", "model.safetensors.index.json", "stun-manifest.json"}
    assert published.keys() == wanted | {"generation_config.json"} | weights | made


def test_config_changes_in_one_number_only(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    outcome = publish(stun, recipe, model, tmp_path / "out")
    source = (model / "config.json").read_text()
    published = Path(outcome.answer["uri"], "config.json").read_text()
    assert published == source.replace('"num_local_experts": 8', '"num_local_experts": 6')


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
    outcome = publish(stun, recipe, model, tmp_path / "out")
    report = json.loads(Path(outcome.answer["uri"], "stun-report.json").read_text())
    assert report["routedTokens"] == sequences * 32


def test_one_file_holds_one_layer(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    folder = Path(publish(stun, recipe, model, tmp_path / "out").answer["uri"])
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


def test_leftovers_of_a_killed_run_are_not_published(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    key = stun("inspect", recipe, model=model).answer["runKey"]
    folder = tmp_path / "out" / "tiny" / key
    folder.mkdir(parents=True)
    (folder / "model-00001-of-00009.safetensors").write_text("half")
    publish(stun, recipe, model, tmp_path / "out")
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
