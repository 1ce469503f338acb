"""The memory that a run is said to take is what it takes: measured, here on the CPU.

The peak is that of the whole process over what it held before, so two more layers are in it than
a GPU would hold: the one read ahead, and the one being written, which here still shares the bytes
that it was read into and so keeps what was cut from them.
"""

import ctypes
import json
import multiprocessing
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import torch

from bench.shapes.checkpoint import write_random
from bench.shapes.table import MODELS
from bench.shapes.tokens import write_tokens
from stun.commands.prune import run_prune
from stun.memory import estimate_memory, largest_layer
from stun.prepare import make_context, prepare
from stun.progress import Progress
from stun.recipe_parser import load_recipe

# Python's objects, stacks of threads, what libraries of arithmetic keep, and a layer that a
# reader or writer whom the scheduler put aside has not let go of yet.
PROCESS = 17_000_000
LEAST = 0.3
# Seconds between two looks; tensors of a layer live for many of them.
PERIOD = 0.002
# glibc's mallopt: from this size on memory goes back to the kernel as soon as it is free.
M_MMAP_THRESHOLD, OWN_PAGES = -3, 1 << 16
SEPARATE: Mapping[str, Any] = {
    "vocab_size": 128,
    "hidden_size": 256,
    "intermediate_size": 1024,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "num_local_experts": 8,
}
FUSED: Mapping[str, Any] = {
    **SEPARATE,
    "intermediate_size": 512,
    "head_dim": 64,
    "num_local_experts": 16,
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
}

# For a run before the measured one, so that all code that it takes is in memory.
TINY: Mapping[str, Any] = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 32}


@dataclass(frozen=True)
class Case:
    """A shape, calibration and gate as (samples, length), and what else the pruning says."""

    model: str = "mixtral-8x7b"
    sizes: Mapping[str, Any] = field(default_factory=lambda: SEPARATE)
    calibration: tuple[int, int] = (2, 32)
    gate: tuple[int, int] | None = None
    experts: Mapping[str, Any] = field(default_factory=dict)
    split: str = "Manual"


HALF_AS_MEANS = {"ratio": 0.5, "reconstruct": "Always"}
CASES = {
    "separate experts": Case(),
    "averaged experts": Case(experts=HALF_AS_MEANS),
    "fused experts": Case("gpt-oss-120b", FUSED),
    "fused experts, Auto": Case("gpt-oss-120b", FUSED, split="Auto"),
    "averaged experts, Auto": Case(experts={"reconstruct": "Always"}, split="Auto"),
    "many calibration tokens": Case(calibration=(64, 128)),
    "a long gate": Case(gate=(2, 2048)),
    "a gate without fused attention": Case("gpt-oss-120b", FUSED, gate=(4, 512)),
    "a large vocabulary": Case(sizes={**SEPARATE, "vocab_size": 60_000}, gate=(2, 64)),
    "every set of experts": Case(experts={"method": "Combinatorial"}, calibration=(16, 64)),
}


def write_case(case: Case, path: Path) -> Path:
    """The model, its data and its recipe; the recipe's path."""
    model = MODELS[case.model]
    model = replace(model, config={**model.config, **case.sizes})
    write_random(model, path / "model", seed=0)
    recipe: dict[str, Any] = {
        "pruning": {
            "targetSparsity": 0.65,
            "split": case.split,
            "experts": {"ratio": 0.25, "maxDroppedLoad": 1, **case.experts},
            "weights": {"method": "Wanda"},
        },
        "calibration": data(path / "calibration.jsonl", case, *case.calibration, seed=1),
    }
    if case.gate:
        recipe["quality"] = {"perplexity": data(path / "gate.jsonl", case, *case.gate, seed=2)}
    (path / "recipe.json").write_text(json.dumps(recipe))
    return path / "recipe.json"


def data(path: Path, case: Case, samples: int, length: int, seed: int) -> dict[str, Any]:
    write_tokens(path, case.sizes["vocab_size"], samples, length, seed)
    return {"uri": str(path), "samples": samples, "sequenceLength": length}


def prune(path: Path, output: Path) -> None:
    run_prune(
        Namespace(
            model=str(path / "model"),
            recipe=str(path / "recipe.json"),
            output=str(output),
            work=None,
            signing_key=None,
            public_key=None,
            device="cpu",
        ),
        Progress(),
    )


def resident(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))


class PeakWatch(Thread):
    """The most anonymous memory that was seen: the kernel's own peak counts library code too,
    which it takes back when the machine is short of memory."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = Event()
        self.most = 0

    def run(self) -> None:
        while not self.ended.wait(PERIOD):
            self.most = max(self.most, resident("RssAnon"))

    def stop(self) -> int:
        self.ended.set()
        self.join()
        return self.most


def report_peak(answer: Connection, tiny: Path, path: Path) -> None:
    """In a process of its own: what the run adds at most, once everything has run once."""
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, OWN_PAGES)
    prune(tiny, tiny / "out")
    libc.malloc_trim(0)
    before, watch = resident("RssAnon"), PeakWatch()
    watch.start()
    prune(path, path / "out")
    answer.send(watch.stop() - before)


def peak(tiny: Path, path: Path) -> int:
    # Forked, because importing torch anew takes longer than the run; but not from this process, in
    # whose heap earlier tests have left holes: tensors laid into them stay resident when freed.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    answer, child = processes.Pipe(duplex=False)
    process = processes.Process(target=report_peak, args=(child, tiny, path))
    process.start()
    child.close()
    try:
        found: int = answer.recv()
    finally:
        process.join()
    return found


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_run_takes_what_was_estimated(case: Case, tmp_path: Path) -> None:
    whole, tiny = tmp_path / "whole", tmp_path / "tiny"
    write_case(replace(case, sizes={**case.sizes, **TINY}), tiny)
    prepared = prepare(str(whole / "model"), load_recipe(str(write_case(case, whole))))
    context = make_context(prepared, torch.device("cpu"), Progress())
    estimate = estimate_memory(context)
    embedding = prepared.checkpoint.tensors[prepared.skeleton.family.embedding].nbytes
    # What is being written is a layer or, at the ends, the embedding or the output matrix.
    ahead, written = largest_layer(context), max(estimate["layer"], embedding)
    most = estimate["total"] + ahead + written + PROCESS
    found = peak(tiny, whole)
    print(f"peak {found / 1e6:.1f} MB of {most / 1e6:.1f} MB;", estimate)
    assert found <= most
    assert found >= LEAST * most
