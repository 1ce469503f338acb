"""One prune run on a device: its result, what it took, and what it was said to take."""

import json
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from stun.commands.prune import run_prune
from stun.memory import OVERHEAD, estimate_memory
from stun.prepare import make_context, prepare
from stun.progress import Progress
from stun.recipe_parser import load_recipe

Recipe = dict[str, Any]
# Scratch of cuBLAS and of cuBLASLt, each 8 x 4096 KiB as stun.device sets it. The estimate has it
# in OVERHEAD, but PyTorch takes it from its own allocator, which counts it.
SCRATCH = 2 * 8 * 4096 * 1024


@dataclass(frozen=True)
class Run:
    """Bytes of device memory; `peak` is None on a CPU, whose allocator does not count."""

    folder: Path
    report: dict[str, Any]
    seconds: float
    peak: int | None
    estimate: int


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def estimated(model: Path, recipe: Path, device: torch.device) -> int:
    """Of what the allocator is asked for, which is not CUDA's context nor what is rounded up."""
    prepared = prepare(str(model), load_recipe(str(recipe)))
    found = estimate_memory(make_context(prepared, device, Progress()))["total"]
    return found - OVERHEAD + SCRATCH if device.type == "cuda" else found


def peak_of(device: torch.device) -> int | None:
    """The most that was asked for at once since the peak was reset."""
    if device.type != "cuda":
        return None
    found: int = torch.cuda.memory_stats(device)["requested_bytes.all.peak"]
    return found


def prune(model: Path, recipe: Recipe, work: Path, device: torch.device) -> Run:
    """Publishes under `work`, which must be new to this run."""
    work.mkdir(parents=True)
    path = work / "recipe.json"
    path.write_text(json.dumps(recipe))
    estimate = estimated(model, path, device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    answer = run_prune(
        Namespace(
            model=str(model),
            recipe=str(path),
            output=str(work / "out"),
            work=None,
            signing_key=None,
            public_key=None,
            device=device.type,
        ),
        Progress(),
    )
    seconds = time.perf_counter() - started
    folder = Path(answer["uri"].removeprefix("file://"))
    report = json.loads((folder / "stun-report.json").read_text())
    return Run(folder, report, seconds, peak_of(device), estimate)
