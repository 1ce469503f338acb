"""Runs one plan on one model through the engine's own command line, and keeps the outcome.

The engine states the perplexity; a paired error needs the loss of each held-out sequence,
so the published weights are scored a second time by the fixture's plain PyTorch model,
which shares no code with the engine. The two must agree.
"""

import hashlib
import json
import math
import os
import tempfile
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from bench.quality.models import DATA, ENGINE, Model
from bench.quality.plans import Plan
from fixture import measure, store
from fixture.moe import Shape
from stun.cli import main

RUNS = Path.home() / ".cache/stun-operator/quality-runs"
CALIBRATION = {"uri": str(DATA / "calibration.jsonl"), "samples": 48, "sequenceLength": 128}
GATE: dict[str, Any] = {"uri": str(DATA / "heldout.jsonl"), "samples": 96, "sequenceLength": 128}
AGREEMENT = 1e-3
SCORING = ("measure.py", "store.py", "moe.py")
DECIDING = frozenset({".py", ".json", ".jsonl", ".safetensors"})


@dataclass(frozen=True)
class Cell:
    model: Model
    plan: Plan
    target: float
    seed: int


@dataclass(frozen=True)
class Outcome:
    """`losses`: nats per token of each held-out sequence; none where the engine refused."""

    losses: list[float]
    sparsity: float
    experts: int
    refusal: str | None = None


def recipe(cell: Cell) -> dict[str, Any]:
    return {
        "pruning": cell.plan.pruning(cell.target),
        "calibration": {**CALIBRATION, "seed": cell.seed},
        "quality": {"perplexity": GATE},
    }


def run(cell: Cell) -> Outcome:
    """From an earlier run that all the same went into, else from the engine."""
    path = RUNS / f"{identity(cell)}.json"
    if path.exists():
        return Outcome(**json.loads(path.read_text()))
    outcome = prune(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(asdict(outcome)))
    partial.rename(path)
    return outcome


def identity(cell: Cell) -> str:
    parts = [json.dumps(recipe(cell)), digest_of(cell.model.folder), made_by()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


@cache
def made_by() -> str:
    """The programs that prune and score, what these are built on, and the texts they read."""
    versions = [f"{name} {version(name)}" for name in ("torch", "transformers", "tokenizers")]
    files = (Path(__file__), *(ENGINE / "fixture" / name for name in SCORING))
    return "\n".join([*versions, *map(digest_of, (ENGINE / "stun", DATA, *files))])


@cache
def digest_of(path: Path) -> str:
    """Of a file, or of the files in a folder that decide a result: code, weights, data."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    digest = hashlib.sha256()
    for file in files:
        if file.suffix in DECIDING:
            digest.update(f"{file.relative_to(path)}\n".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def prune(cell: Cell) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="stun-quality-") as name:
        folder = Path(name)
        log, written = folder / "termination", folder / "recipe.json"
        os.environ["STUN_TERMINATION_LOG"] = str(log)
        written.write_text(json.dumps(recipe(cell)))
        model, output = f"--model={cell.model.folder}", f"--output={folder / 'output'}"
        code = main(["prune", model, f"--recipe={written}", output])
        said = json.loads(log.read_text())
        if code == 2:
            return Outcome([], 0.0, 0, f"{said['reason']}: {said['message']}")
        if code:
            raise RuntimeError(f"{cell.plan.name} at {cell.target} failed: {said['message']}")
        return scored(said)


def scored(result: dict[str, Any]) -> Outcome:
    losses = sequence_losses(Path(result["uri"]), result["expertsAfter"])
    stated = math.log(result["quality"]["perplexity"]["after"])
    if abs(float(losses.mean()) - stated) > AGREEMENT:
        raise RuntimeError(
            f"The engine states {stated:.5f} nats for {result['uri']}, plain PyTorch "
            f"{losses.mean():.5f}."
        )
    return Outcome(losses.tolist(), result["sparsity"], result["expertsAfter"])


def dense(model: Model) -> Outcome:
    return Outcome(sequence_losses(model.folder, model.experts).tolist(), 0.0, model.experts)


@torch.inference_mode()
def sequence_losses(folder: Path, experts: int) -> Tensor:
    """[sequences] float64: mean loss of the gate's tokens but the first."""
    ids = gate(folder)
    logits, _ = store.load(folder, replace(Shape(), experts=experts))(ids[:, :-1])
    losses = functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")
    return losses.double().mean(1)


def gate(folder: Path) -> Tensor:
    """[sequences, length]: the windows that the engine takes, each a document's beginning.

    Every held-out document is long enough. The engine's windows lack the end token that the
    fixture puts before a document.
    """
    texts = measure.read_documents(Path(GATE["uri"]))[: GATE["samples"]]
    return torch.stack([row[1:] for row in measure.encode(texts, folder, GATE["sequenceLength"])])
