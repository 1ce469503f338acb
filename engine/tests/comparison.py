"""Prunes a tiny model with the engine and holds the result against the oracle's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from stun.documents import Encoder, read_documents, shuffled_windows, take
from stun.opening import open_checkpoint
from tests.conftest import Outcome, Stun
from tests.families import LENGTH, read_json
from tests.oracle import Answer, Question, answer

SAMPLES = 12


class DifferenceError(AssertionError):
    """The engine published a model that can be loaded, and it is not the oracle's."""


def recipe_of(question: Question, calibration: Path, **experts: object) -> dict[str, Any]:
    """A question to the oracle as the engine is asked it."""
    reconstruct = "Always" if question.reconstruct else "Never"
    chosen = {"ratio": question.ratio, "reconstruct": reconstruct, "maxDroppedLoad": 1}
    owl = {"lambda": question.spread, "m": question.m}
    weights = {"method": question.method, **({"owl": owl} if question.method == "OWL" else {})}
    return {
        "pruning": {
            "targetSparsity": question.target,
            "experts": {**chosen, **experts},
            "weights": weights,
        },
        "calibration": {"uri": str(calibration), "samples": SAMPLES, "sequenceLength": LENGTH},
    }


def calibration_ids(model: Path, path: Path) -> torch.Tensor:
    """The engine's own choice of samples: the oracle judges what is done with them."""
    documents = read_documents(str(path), "calibration")
    windows = shuffled_windows(documents, Encoder(open_checkpoint(str(model))), LENGTH, seed=0)
    return take(windows, SAMPLES, LENGTH, documents)


def prune(stun: Stun, recipe: dict[str, Any], model: Path, output: Path) -> Outcome:
    outcome = stun("prune", recipe, model=model, output=output)
    assert outcome.code == 0, outcome.termination
    return outcome


def load_whole(auto: Any, path: str | Path, unused: str = "no name has this") -> Any:
    """By transformers and no remote code; every tensor of the folder must be used."""
    model, info = auto.from_pretrained(path, output_loading_info=True, dtype=torch.float32)
    left = {key: [n for n in found if unused not in n] for key, found in info.items()}
    assert {key: found for key, found in left.items() if found} == {}
    return model


def check_equal(loaded: Any, expected: Answer, ids: torch.Tensor) -> None:
    """Every weight is the oracle's, zeros included, and so are the logits."""
    found, wanted = loaded.state_dict(), expected.model.state_dict()
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if not torch.equal(found[name], wanted[name])] == []
    with torch.no_grad():
        gap = loaded(ids).logits - expected.model(ids).logits
    assert float(gap.abs().max()) <= 1e-5


def check_reports(outcome: Outcome, expected: Answer) -> None:
    """The kept experts, the load that the others carried, and the sparsity of each layer."""
    kept = outcome.answer["expertsKept"]
    assert kept == {str(i): ids for i, ids in enumerate(expected.kept) if ids}
    layers = read_report(outcome)["layers"]
    shares = [layer["weightSparsity"] for layer in layers]
    assert shares == pytest.approx(expected.sparsities, abs=1e-12)
    if any(layer.get("groups") for layer in layers):
        dropped = [layer.get("droppedLoad") for layer in layers]
        assert dropped == pytest.approx(expected.dropped)


def read_report(outcome: Outcome) -> dict[str, Any]:
    return read_json(Path(outcome.answer["uri"]) / "stun-report.json")


@dataclass(frozen=True)
class Pair:
    """A question to both: the engine's side is `stun` on these paths, loaded by `auto`."""

    stun: Stun
    model: Path
    calibration: Path
    output: Path
    auto: Any = AutoModelForCausalLM
    dtype: torch.dtype = torch.float32
    # Names of the published tensors that transformers has no use for contain this.
    unused: str = "no name has this"

    def compare(self, question: Question, **experts: object) -> tuple[Outcome, Answer]:
        """Fails where they differ; `experts` are fields of the recipe."""
        ids = calibration_ids(self.model, self.calibration)
        recipe = recipe_of(question, self.calibration, **experts)
        outcome = prune(self.stun, recipe, self.model, self.output)
        dense = self.auto.from_pretrained(self.model, dtype=torch.float32)
        expected = answer(dense, question, ids, self.dtype)
        loaded = load_whole(self.auto, outcome.answer["uri"], self.unused)
        try:
            check_reports(outcome, expected)
            check_equal(loaded, expected, ids)
        except AssertionError as error:
            raise DifferenceError(str(error)) from error
        return outcome, expected
