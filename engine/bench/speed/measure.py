"""Runs a program and asks the kernel what it cost: wall clock, CPU seconds, peak memory.

Programs are compared in pairs, one run of each in turn, and the median of the pairs' ratios
is quoted: a machine that is busy for a while slows both halves of a pair.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STARTER = Path(__file__).with_name("starter.py")
# One thread, so that CPU seconds count work and no waiting of threads for each other.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Usage:
    """Seconds and bytes of one finished program, its children included."""

    wall: float
    cpu: float
    memory: int


def environment() -> dict[str, str]:
    """No network, no threads, no progress bars."""
    quiet = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TQDM_DISABLE": "1"}
    return {**os.environ, **dict.fromkeys(THREADS, "1"), **quiet}


def measure(command: list[str], log: Path) -> Usage:
    """Raises RuntimeError with the end of the log when the program fails."""
    starter = [sys.executable, "-I", "-S", str(STARTER), str(log), *command]
    said = subprocess.run(starter, env=environment(), capture_output=True, text=True, check=True)
    code, wall, cpu, memory = json.loads(said.stdout)
    if code != 0:
        end = log.read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {code}:\n{end}")
    return Usage(wall, cpu, memory)


def in_turn(
    first: Callable[[], Usage], second: Callable[[], Usage], pairs: int
) -> tuple[list[Usage], list[Usage]]:
    """A B A B ..., after one run of each that is not counted; the runs of A, the runs of B."""
    first(), second()
    runs = [(first(), second()) for _ in range(pairs)]
    return [pair[0] for pair in runs], [pair[1] for pair in runs]


def middle(runs: list[Usage]) -> Usage:
    return Usage(
        statistics.median(run.wall for run in runs),
        statistics.median(run.cpu for run in runs),
        int(statistics.median(run.memory for run in runs)),
    )


def ratios(
    numerators: list[Usage], denominators: list[Usage], what: Callable[[Usage], float]
) -> tuple[float, float, float]:
    """Least, median and greatest ratio of pairs that ran one after the other."""
    found = [what(a) / what(b) for a, b in zip(numerators, denominators, strict=True)]
    return min(found), statistics.median(found), max(found)
