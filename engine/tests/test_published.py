"""What is done with a result later: verified, evaluated, cleaned away if it was never shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Stun, publish


def test_evaluate_gives_the_runs_own_figures(
    model: Path, recipe: dict[str, Any], gate: Path, tmp_path: Path, stun: Stun
) -> None:
    result = publish(stun, recipe, model, tmp_path / "out").termination
    change = result["quality"]["perplexity"]
    for uri, expected in ((model, change["before"]), (result["uri"], change["after"])):
        outcome = stun("evaluate", model=uri, data=gate, samples=8, length=32)
        assert outcome.answer["perplexity"] == pytest.approx(expected, rel=1e-4)
    assert change["increase"] == pytest.approx(change["after"] / change["before"] - 1)
    assert change["upperBound"] > change["increase"]


def test_verify_accepts_what_was_published(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    first = publish(stun, recipe, model, tmp_path / "out")
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
    first = publish(stun, recipe, model, tmp_path / "out")
    tamper(Path(first.answer["uri"]))
    outcome = stun("verify", model=first.answer["uri"])
    assert (outcome.code, outcome.termination["reason"]) == (2, reason)


def test_clean_removes_an_unpublished_run_only(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun
) -> None:
    first = publish(stun, recipe, model, tmp_path / "out")
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


@pytest.mark.parametrize("run", ["", "..", "0123456789ABCDEF", "0123456789abcdef/"])
def test_clean_refuses_what_is_no_run_key(
    model: Path, tmp_path: Path, stun: Stun, run: str
) -> None:
    (tmp_path / "out" / "tiny").mkdir(parents=True)
    (tmp_path / "out" / "tiny" / "precious").write_text("x")
    outcome = stun("clean", model=model, output=tmp_path / "out", run=run)
    assert (outcome.code, outcome.termination["reason"]) == (2, "RecipeInvalid")
    assert (tmp_path / "out" / "tiny" / "precious").exists()
