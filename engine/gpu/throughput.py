"""How fast models of a true shape go through the engine with as much calibration as the paper's.

Computing and moving bytes are told apart: the one grows with calibration tokens, the other with
the model, and a rate of both together says nothing about another model. Products are float32.
Weights are random and on a local disk: the numbers say what the engine can do, not what a
network can.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch

from bench.shapes.checkpoint import write_random
from bench.shapes.table import MODELS, Model
from bench.shapes.tokens import write_tokens
from gpu.checks import Finding, within_estimate
from gpu.runs import Run, prune

# Calibration as (samples, length); the small one with SMALL.
TRUE_TOKENS, SMALL_TOKENS = (128, 2048), (8, 512)
# The stages that compute with a layer on the device; its way there and back is in the others.
COMPUTING = ("Experts", "Weights")
# Instead of the true sizes, to prove this bench where there is no GPU.
SMALL: dict[str, object] = {
    "vocab_size": 64,
    "hidden_size": 64,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def shape(name: str, layers: int | None, small: bool) -> Model:
    model = MODELS[name]
    changes: dict[str, object] = {} if layers is None else {"num_hidden_layers": layers}
    return replace(model, config={**model.config, **changes, **(SMALL if small else {})})


def measure(
    name: str, layers: int | None, device: torch.device, work: Path, small: bool
) -> Iterator[Finding]:
    """Makes the model, sends it through the engine, and says what came of it."""
    model = shape(name, layers, small)
    samples, length = SMALL_TOKENS if small else TRUE_TOKENS
    write_random(model, work / "model", seed=0)
    tokens = work / "tokens.jsonl"
    write_tokens(tokens, model.config["vocab_size"], samples, length, seed=0)
    recipe = {
        "pruning": {
            "targetSparsity": 0.4,
            "experts": {"ratio": 0.25, "maxDroppedLoad": 1},
            "weights": {"method": "Wanda"},
        },
        "calibration": {"uri": str(tokens), "samples": samples, "sequenceLength": length},
    }
    run = prune(work / "model", recipe, work / "run", device)
    yield Finding(in_words(run, f"{samples} x {length}"))
    yield within_estimate(run)


def in_words(run: Run, tokens: str) -> str:
    """Reading the next layer and writing the last one overlap with computing."""
    stages = {found["stage"]: found["seconds"] for found in run.report["stages"]}
    computing = sum(stages.get(stage, 0.0) for stage in COMPUTING)
    layers = run.report["model"]["layers"]
    read, written = run.report["bytesRead"], run.report["bytesWritten"]
    return (
        f"computing took {computing:.1f} s, {computing / layers:.2f} s a layer, in float32 with "
        f"{tokens} tokens; beside it {run.seconds - computing:.1f} s went by until "
        f"{read / 1e9:.2f} GB were read and {written / 1e9:.2f} GB written"
    )
