"""Where a run stands: one state, shown on stderr, served on /progress, summed into the report."""

import json
import sys
import time
from datetime import UTC, datetime
from threading import Lock
from typing import Any, TextIO

BAR_WIDTH = 30


class Progress:
    """The stage in progress, layers done, time spent in each stage. Read by other threads."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self.lock = Lock()
        self.stream = stream
        self.run_key: str | None = None
        self.stage = "Inspect"
        self.layer: int | None = None
        self.layers: int | None = None
        self.done = self.skipped = 0
        self.units = 0
        self.started = self.entered = time.monotonic()
        self.seconds: dict[str, float] = {}

    def plan(self, layers: int, passes: int = 1) -> None:
        """Says how much there is to do: every layer, and the end of the run as one more."""
        self.layers = layers
        self.units = layers * passes + 1
        self.started = time.monotonic()
        self.show()

    def skip(self, layers: int) -> None:
        """Counts what an earlier attempt finished as done, but not its time."""
        self.done += layers
        self.skipped += layers

    def carry(self, seconds: dict[str, float]) -> None:
        """Counts the time that earlier attempts spent on each stage, but not in the estimate."""
        with self.lock:
            own, self.seconds = self.seconds, dict(seconds)
            for stage, spent in own.items():
                self.seconds[stage] = self.seconds.get(stage, 0.0) + spent

    def enter(self, stage: str) -> None:
        now = time.monotonic()
        with self.lock:
            self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + now - self.entered
            self.entered = now
            changed = stage != self.stage
            self.stage = stage
        if changed and self.layer is None:
            self.show()

    def advance(self) -> None:
        self.done += 1
        self.show()

    def estimate(self) -> int | None:
        """Seconds left, from the time that the units so far took."""
        fresh = self.done - self.skipped
        if not fresh:
            return None
        each = (time.monotonic() - self.started) / fresh
        return round(each * (self.units - self.done))

    def snapshot(self) -> dict[str, Any]:
        with self.lock:
            return {
                "runKey": self.run_key,
                "stage": self.stage,
                "layer": self.layer,
                "layers": self.layers,
                "percent": 100 * self.done // self.units if self.units else None,
                "estimatedRemainingSeconds": self.estimate(),
                "updatedAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }

    def totals(self) -> dict[str, float]:
        """Seconds of each stage until now, in the order in which they were first entered."""
        self.enter(self.stage)
        with self.lock:
            return dict(self.seconds)

    def stages(self) -> list[dict[str, Any]]:
        """The same as the report has it."""
        return [{"stage": name, "seconds": round(s, 3)} for name, s in self.totals().items()]

    def say(self, sentence: str) -> None:
        text = sentence if self.stream.isatty() else json.dumps({"message": sentence})
        self.stream.write(text + "\n")

    def show(self) -> None:
        state = self.snapshot()
        if self.stream.isatty():
            self.stream.write("\r\033[K" + bar(state))
            if state["percent"] == 100:
                self.stream.write("\n")
        else:
            self.stream.write(json.dumps(state) + "\n")
        self.stream.flush()


def bar(state: dict[str, Any]) -> str:
    percent = state["percent"] or 0
    filled = BAR_WIDTH * percent // 100
    left = state["estimatedRemainingSeconds"]
    layer = f" layer {state['layer']}/{state['layers']}" if state["layer"] else ""
    eta = "" if left is None else f" {left // 60}:{left % 60:02d} left"
    return (
        f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {percent:3d} % {state['stage']}{layer}{eta}"
    )
