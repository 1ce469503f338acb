"""OLMoE-1B-7B at its true size, with random weights, through the engine on this machine.

Made on the spot and removed: 13.8 GB in, 11 GB out. What is held to: 8 x 512 calibration
tokens within 20 minutes and 4 GB of memory beyond the page cache.
"""

import shutil
from pathlib import Path

from bench.shapes.checkpoint import write_random
from bench.shapes.table import MODELS
from bench.shapes.tokens import write_tokens
from bench.speed.contestants import WHOLE, Workload, engine
from bench.speed.measure import Usage, measure

NAME = "olmoe-1b-7b"
SAMPLES, LENGTH = 8, 512
NEEDED = 28_000_000_000
MINUTES, MEMORY = 20, 4_000_000_000


def require_room(work: Path) -> None:
    """Ends the program when the disk is too small; asked before hours are spent."""
    free = shutil.disk_usage(work).free
    if free < NEEDED:
        raise SystemExit(
            f"{work} has {free / 1e9:.0f} GB free where {NAME} needs {NEEDED / 1e9:.0f}; "
            "give another folder by --work, or leave it out by --no-true-shape."
        )


def measure_true_shape(work: Path) -> str:
    """A sentence with the figures."""
    work.mkdir(parents=True)
    workload = Workload(work / NAME, work / "tokens.jsonl", SAMPLES, LENGTH, work / "result")
    size = write_random(MODELS[NAME], workload.model, seed=0)
    vocabulary = MODELS[NAME].config["vocab_size"]
    write_tokens(workload.calibration, vocabulary, SAMPLES, LENGTH, seed=0)
    usage = measure(engine(WHOLE).command(workload, workload.result), work / "log")
    written = sum(path.stat().st_size for path in workload.result.rglob("*.safetensors"))
    return in_words(usage, size, written)


def in_words(usage: Usage, size: int, written: int) -> str:
    """Peak memory counts the program's own code too, so the true figure is below it."""
    kept = usage.wall <= MINUTES * 60 and usage.memory <= MEMORY
    return (
        f"OLMoE-1B-7B ({size / 1e9:.1f} GB, random weights, {SAMPLES} x {LENGTH} tokens): "
        f"{usage.wall / 60:.1f} minutes, {usage.cpu / 60:.1f} CPU minutes, peak RSS "
        f"{usage.memory / 1e9:.2f} GB, {written / 1e9:.1f} GB written; the bounds of {MINUTES} "
        f"minutes and {MEMORY / 1e9:.0f} GB were {'kept' if kept else '**not kept**'}."
    )
