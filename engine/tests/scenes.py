"""Runs with all their attempts: what they leave behind, and what an uninterrupted one gives."""

import hashlib
import json
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from stun.checkpoints import JOURNAL
from stun.journal_file import decode_journal
from stun.storage import Storage, open_storage
from tests.crashes import Attempt, Parent

LAYERS = 3
Recipe = dict[str, Any]
Moment = tuple[str, int]


@dataclass
class Scene:
    """One run and its attempts; everything that they leave behind lies in `folder` or on S3."""

    parent: Parent
    folder: Path
    model: str
    recipe: Recipe
    output: str
    work: Path | None
    environment: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    attempts: int = 0

    def attempt(self, moment: Moment | None = None, number: int = signal.SIGKILL) -> Attempt:
        self.attempts += 1
        arguments = ["prune", "--model", self.model, "--output", self.output, *self.options]
        if self.work is not None:
            arguments += ["--work", str(self.work)]
        steps, layers, log = (str(self.path(kind)) for kind in ("steps", "layers", "log"))
        environment = {
            "RECIPE": json.dumps(self.recipe),
            "STUN_TERMINATION_LOG": str(self.folder / "termination"),
            **self.environment,
        }
        arguments += ["--recipe", "env:RECIPE"]
        return Attempt(arguments, environment, steps, layers, log, moment, number)

    def path(self, kind: str) -> Path:
        """A file that the last attempt writes."""
        return self.folder / f"{kind}-{self.attempts}"

    def run(self, moment: Moment | None = None, number: int = signal.SIGKILL) -> int:
        return self.parent.run(self.attempt(moment, number))[0]

    def lines(self, kind: str) -> list[str]:
        """What the last attempt wrote down."""
        path = self.path(kind)
        return path.read_text().splitlines() if path.exists() else []

    @cached_property
    def storage(self) -> Storage:
        return open_storage(self.output, "output")

    def names(self) -> list[str]:
        return [info.name for info in self.storage.objects()]

    def digests(self) -> dict[str, str]:
        """Everything but checkpoints and reports, which alone may hold times."""
        return {
            info.name: hashlib.sha256(self.storage.read_all(info)).hexdigest()
            for info in self.storage.objects()
            if ".checkpoint/" not in info.name and "/stun-report." not in info.name
        }

    def journal(self) -> dict[str, Any] | None:
        """Whole, or not there."""
        storage = open_storage(str(self.work), "output") if self.work else self.storage
        found = [info for info in storage.objects() if info.name.rpartition("/")[2] == JOURNAL]
        return decode_journal(storage.read_all(found[0]), JOURNAL) if found else None

    def passes(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = (self.journal() or {}).get("passes", {})
        return found

    def finished(self) -> dict[str, int]:
        """Layers that the journal holds, of each pass."""
        return {name: len(entry["reports"]) for name, entry in self.passes().items()}

    def passes_with_states(self) -> set[str]:
        return {name for name, entry in self.passes().items() if entry["state"]}

    def run_to_the_end(self) -> None:
        """Does exactly the layers that the journal lacks, and tidies everything away."""
        before = self.finished()
        published = any(name.endswith("/stun-manifest.json") for name in self.names())
        code = self.run()
        assert code == 0, "\n".join(self.lines("log"))
        done: dict[str, list[int]] = {name: [] for name in before}
        for line in self.lines("layers"):
            name, index = line.split()
            done.setdefault(name, []).append(int(index))
        for name, layers in done.items():
            first = LAYERS if published else before.get(name, 0)
            assert layers == list(range(first, LAYERS)), name
        self.check_tidy()

    def check_tidy(self) -> None:
        assert [name for name in self.names() if "/." in name or ".checkpoint/" in name] == []
        if self.work is not None:
            assert list(self.work.iterdir()) == []


@dataclass(frozen=True)
class Reference:
    """An uninterrupted run: its bytes, and how often it came by each label."""

    files: dict[str, str]
    steps: Counter[str]

    def moments(self, label: str) -> list[Moment]:
        """Three steps of a stage, where it has so many; seeded."""
        steps = self.steps[label]
        assert steps > 1, f"{label} has {steps} steps"
        chosen = random.Random(label).sample(range(1, steps + 1), min(3, steps))
        return [(label, step) for step in chosen]


def observe(scene: Scene) -> Reference:
    assert scene.run() == 0, "\n".join(scene.lines("log"))
    scene.check_tidy()
    return Reference(scene.digests(), Counter(scene.lines("steps")))
