"""The programs that are compared, on one model and one calibration set, one row each."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.shapes import layouts
from bench.shapes.table import MODELS, Model
from bench.speed.environments import LLM_COMPRESSOR, REAP, interpreter

HERE = Path(__file__).parent
# A quarter of the experts, then zeros up to 40 % in all, which is 21 % of what is left.
RATIO, TARGET, ZEROS = "0.25", "0.4", "0.21"
# What the engine is asked for beside a program that does no more than this. The dropped load
# is no matter for random weights.
EXPERTS: dict[str, Any] = {"ratio": float(RATIO), "maxDroppedLoad": 1}
JOBS: dict[str, dict[str, Any]] = {
    "STUN + Wanda": {
        "targetSparsity": float(TARGET),
        "experts": EXPERTS,
        "weights": {"method": "Wanda"},
    },
    "Wanda": {"targetSparsity": float(ZEROS), "weights": {"method": "Wanda"}},
    "REAP": {"experts": {**EXPERTS, "method": "REAP"}},
}


@dataclass(frozen=True)
class Workload:
    """A model on disk, its calibration tokens, and what the engine made of it."""

    model: Path
    calibration: Path
    samples: int
    length: int
    result: Path


@dataclass(frozen=True)
class Contestant:
    """A program: the modules it imports, and its arguments for a workload and an output.

    `job` is what the engine does in the other half of its pairs.
    """

    name: str
    does: str
    job: str
    python: Callable[[], Path]
    imports: str
    arguments: Callable[[Workload, Path], list[str]]

    def command(self, workload: Workload, output: Path) -> list[str]:
        return [str(self.python()), *self.arguments(workload, output)]

    def importing(self) -> list[str]:
        return [str(self.python()), "-c", f"import {self.imports}"]


def small() -> Model:
    """Small enough for a minute, and large enough that start-up does not decide.

    A sixteenth of the experts work on a token, as in Qwen3-30B-A3B, and 94 % of the weights
    are in experts: a program that runs every expert on every token pays what it would there.
    """
    sizes = {
        "vocab_size": 1024,
        "hidden_size": 512,
        "intermediate_size": 256,
        "num_hidden_layers": 8,
        "num_attention_heads": 8,
        "num_key_value_heads": 2,
        "num_local_experts": 32,
        "max_position_embeddings": 4096,
        "rope_theta": 10000.0,
    }
    config = MODELS["mixtral-8x7b"].config
    return Model("made up", layouts.mixtral, {**config, **sizes})


def write_recipe(job: str, workload: Workload, folder: Path) -> Path:
    recipe = {
        "pruning": JOBS[job],
        "calibration": {
            "uri": str(workload.calibration),
            "samples": workload.samples,
            "sequenceLength": workload.length,
            "seed": 0,
        },
    }
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe))
    return path


def engine_arguments(job: str, workload: Workload, output: Path) -> list[str]:
    output.mkdir(parents=True)
    recipe = write_recipe(job, workload, output.parent)
    options = ["--model", str(workload.model), "--recipe", str(recipe), "--output", str(output)]
    return ["-m", "stun", "prune", *options]


def script(name: str, *options: str) -> Callable[[Workload, Path], list[str]]:
    def arguments(workload: Workload, output: Path) -> list[str]:
        output.mkdir(parents=True)
        places = (workload.model, workload.calibration, output)
        return [str(HERE / name), *options, *(str(place) for place in places)]

    return arguments


def copy_arguments(workload: Workload, output: Path) -> list[str]:
    output.mkdir(parents=True)
    return [str(HERE / "copying.py"), str(workload.model), str(workload.result), str(output)]


def own_python() -> Path:
    return Path(sys.executable)


def llm_compressor(method: str, share: str, manner: str) -> Contestant:
    imports = f"llmcompressor, {MIXTRAL}"
    how = "batches of 8, routed experts only" if manner == "lean" else "its defaults"
    return Contestant(
        f"llm-compressor {method}" + (", lean" if manner == "lean" else ""),
        f"{how}, in bfloat16; written",
        method,
        lambda: interpreter(LLM_COMPRESSOR),
        imports,
        script("peers/llm_compressor.py", method.lower(), share, manner),
    )


def engine(job: str) -> Contestant:
    return Contestant(
        f"stun prune: {job}",
        "report; written",
        job,
        own_python,
        f"stun.commands.prune, {MIXTRAL}",
        partial(engine_arguments, job),
    )


MIXTRAL = "transformers.models.mixtral.modeling_mixtral"
WHOLE = "STUN + Wanda"
OTHERS = (
    Contestant(
        "plain",
        "whole model, full sort, in float32; written",
        WHOLE,
        own_python,
        f"torch, {MIXTRAL}",
        script("plain.py", RATIO, TARGET),
    ),
    Contestant(
        "REAP observer",
        "statistics only, in bfloat16; nothing pruned, nothing written",
        "REAP",
        lambda: interpreter(REAP),
        f"reap.observer, {MIXTRAL}",
        script("peers/reap_observer.py"),
    ),
    llm_compressor("REAP", RATIO, "default"),
    llm_compressor("REAP", RATIO, "lean"),
    llm_compressor("Wanda", ZEROS, "default"),
    llm_compressor("Wanda", ZEROS, "lean"),
    Contestant(
        "I/O limit", "reads the model, writes the result", WHOLE, own_python, "os", copy_arguments
    ),
)
