"""How fast models of a true shape go through the engine, and what that means for 957 GB.

The paper (Lee et al. 2025) prunes Snowflake Arctic in 0.58 h with Wanda and in 1.12 h with OWL.
Wanda is what runs here. Weights are random and on a local disk: the numbers say what the
engine can do, not what a network can.
"""

from dataclasses import replace
from pathlib import Path

import torch

from bench.shapes.checkpoint import write_random
from bench.shapes.table import MODELS, Model
from bench.shapes.tokens import write_tokens
from gpu.checks import within_estimate
from gpu.runs import Run, prune

SAMPLES, LENGTH = 8, 512
ARCTIC_BYTES = 957_169_217_536
PAPER_HOURS = {"Wanda": 0.58, "OWL": 1.12}
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
) -> list[str]:
    """Makes the model, sends it through the engine, and says what came of it."""
    model = shape(name, layers, small)
    write_random(model, work / "model", seed=0)
    tokens = work / "tokens.jsonl"
    write_tokens(tokens, model.config["vocab_size"], SAMPLES, LENGTH, seed=0)
    recipe = {
        "pruning": {
            "targetSparsity": 0.4,
            "experts": {"ratio": 0.25, "maxDroppedLoad": 1},
            "weights": {"method": "Wanda"},
        },
        "calibration": {"uri": str(tokens), "samples": SAMPLES, "sequenceLength": LENGTH},
    }
    run = prune(work / "model", recipe, work / "run", device)
    return [in_words(name, run), *within_estimate(run)]


def in_words(name: str, run: Run) -> str:
    read, written = run.report["bytesRead"], run.report["bytesWritten"]
    rate = read / run.seconds
    paper = ", ".join(f"{method} {hours} h" for method, hours in PAPER_HOURS.items())
    stages = ", ".join(f"{found['stage']} {found['seconds']:.1f}" for found in run.report["stages"])
    return (
        f"{name}: {read / 1e9:.2f} GB read, {written / 1e9:.2f} GB written in {run.seconds:.1f} s, "
        f"{rate / 1e9:.3f} GB/s of the source; at this rate 957 GB take "
        f"{ARCTIC_BYTES / rate / 60:.1f} minutes (paper: {paper}); seconds by stage: {stages}"
    )
