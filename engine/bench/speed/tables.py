"""The measurements as a Markdown table, and as JSON for whoever computes further."""

import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.speed.measure import Usage, middle, ratios


@dataclass(frozen=True)
class Comparison:
    """Runs of another program and of the engine in turn, and what start-up alone costs each."""

    name: str
    does: str
    job: str
    runs: list[Usage]
    engine: list[Usage]
    imports: Usage
    engine_imports: Usage

    def cpu_ratio(self) -> tuple[float, float, float]:
        """Least, median, greatest ratio of CPU seconds without those of imports."""

        def work(runs: list[Usage], imports: Usage) -> list[Usage]:
            return [Usage(run.wall, run.cpu - imports.cpu, run.memory) for run in runs]

        ours = work(self.engine, self.engine_imports)
        return ratios(work(self.runs, self.imports), ours, lambda usage: usage.cpu)

    def wall_ratio(self) -> tuple[float, float, float]:
        return ratios(self.runs, self.engine, lambda usage: usage.wall)


HEAD = (
    "| program | does | wall s | CPU s | of it imports | peak RSS MB "
    "| `stun prune` on the same job, in float32: wall s | CPU s | peak RSS MB "
    "| CPU without imports / stun prune | wall / stun prune |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def spread(found: tuple[float, float, float]) -> str:
    least, median, greatest = found
    return f"**{median:.2f}** ({least:.2f} to {greatest:.2f})"


def row(one: Comparison) -> str:
    theirs, ours = middle(one.runs), middle(one.engine)
    values = [
        one.name,
        f"{one.job}: {one.does}",
        *(f"{theirs.wall:.1f}", f"{theirs.cpu:.1f}", f"{one.imports.cpu:.1f}"),
        f"{theirs.memory / 1e6:.0f}",
        *(f"{ours.wall:.1f}", f"{ours.cpu:.1f}", f"{ours.memory / 1e6:.0f}"),
        spread(one.cpu_ratio()),
        spread(one.wall_ratio()),
    ]
    return "| " + " | ".join(values) + " |"


def markdown(comparisons: list[Comparison]) -> str:
    return "\n".join([HEAD, *(row(one) for one in comparisons)])


def as_json(comparison: Comparison) -> dict[str, object]:
    ratio = {"cpuRatio": comparison.cpu_ratio(), "wallRatio": comparison.wall_ratio()}
    return {**asdict(comparison), **ratio}


def machine() -> str:
    """Processor and kernel, as far as the system names them."""
    try:
        rows = Path("/proc/cpuinfo").read_text().splitlines()
        names = [row.split(":", 1)[1].strip() for row in rows if row.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else platform.machine()}, 1 thread, Linux {platform.release()}"


def in_words(comparisons: list[Comparison]) -> str:
    """How often the engine's cost each program's is, and how near the disk's speed it comes."""
    found = []
    for one in comparisons:
        if one.name == "I/O limit":
            times = 1 / one.wall_ratio()[1]
            found.append(f"`stun prune` takes {times:.1f} times as long as the I/O alone.")
        else:
            found.append(f"{one.name}: {one.cpu_ratio()[1]:.1f} times its CPU seconds.")
    return "\n".join(found)
