"""The project's trained model: there pruning costs something, and the result still works."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from stun.commands.prune import run_prune
from stun.progress import Progress
from tests.conftest import obeying_signals

FIXTURE = Path(__file__).parents[1] / "fixture"
MODEL, DATA = FIXTURE / "model", FIXTURE / "data"


CALIBRATION = {"uri": str(DATA / "calibration.jsonl"), "samples": 24, "sequenceLength": 128}
RECIPE: dict[str, Any] = {
    "pruning": {
        "targetSparsity": 0.4,
        "experts": {"ratio": 0.25},
        "weights": {"method": "Wanda"},
    },
    "calibration": CALIBRATION,
    "quality": {"perplexity": {"uri": str(DATA / "heldout.jsonl"), "samples": 24}},
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    (folder / "recipe.json").write_text(json.dumps(RECIPE))
    places = {"model": str(MODEL), "recipe": str(folder / "recipe.json"), "output": str(folder)}
    with obeying_signals():
        answer = run_prune(
            Namespace(**places, work=None, device="cpu", signing_key=None, public_key=None),
            Progress(),
        )
    return Path(answer["uri"])


def test_pruned_model_works(published: Path) -> None:
    report = json.loads((published / "stun-report.json").read_text())
    change = report["quality"]["perplexity"]
    assert 0 < change["increase"] < change["upperBound"] < 1
    assert (report["expertsAfter"], round(report["sparsity"], 2)) == (24, 0.4)
    zeros = json.loads((published / "stun-manifest.json").read_text())["zeros"]
    assert all(count > 0 for count in zeros)
    tokenizer = AutoTokenizer.from_pretrained(published)
    model = AutoModelForCausalLM.from_pretrained(published)
    assert model.dtype == torch.bfloat16
    prompt = tokenizer("In the beginning", return_tensors="pt").input_ids
    assert int(model(prompt).logits.isfinite().sum()) == prompt.shape[1] * 1024
    for name in ("tokenizer.json", "LICENSE.django"):
        assert (published / name).read_bytes() == (MODEL / name).read_bytes()


def test_every_byte_that_stays_is_the_sources(published: Path) -> None:
    """Without reconstruction a kept weight is either its source's or zero."""
    manifest = json.loads((published / "stun-manifest.json").read_text())
    source = load_file(MODEL / "model.safetensors")
    pruned: dict[str, torch.Tensor] = {}
    for path in published.glob("*.safetensors"):
        pruned |= load_file(path)
    for position, expert in enumerate(manifest["expertsKept"]["2"]):
        prefix = "model.layers.2.block_sparse_moe.experts"
        old = source[f"{prefix}.{expert}.w2.weight"]
        new = pruned[f"{prefix}.{position}.w2.weight"]
        assert bool(((new == old) | (new == 0)).all())
        assert int((new == 0).sum()) >= new.shape[0] * int(new.shape[1] * 0.19)
