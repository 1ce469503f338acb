"""Runs of the engine that are killed at a moment counted in advance, without one sleep.

As a program it is the parent of such runs: it imports torch once and forks a child for each, in
which every step that can be torn (opening, writing, closing, deleting an object, a layer of a
pass, a part of an upload) is counted under a label. At the step that was asked for the child
sends itself the signal: a write is then half done, as when a node dies.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any
from unittest.mock import patch

SMALLEST_PART = 5 << 20  # S3 refuses smaller ones, but for the last
LABELS = [
    (re.compile(pattern), label)
    for pattern, label in (
        (r"^\.?(Split|Measure|Prune)-", r"\1"),
        (r"^\.?stun-journal", "journal"),
        (r"^\.?model-", "shard"),
        (r"^\.?model\.safetensors\.index", "index"),
        (r"^\.?stun-report", "report"),
        (r"^\.?model\.sig", "signature"),
        (r"stun-manifest", "manifest"),
        (r"", "companions"),
    )
]


@dataclass(frozen=True)
class Attempt:
    """One run: the engine's arguments and where its steps are written down."""

    arguments: list[str]
    environment: dict[str, str]
    steps: str  # a file: one label a line
    layers: str  # a file: "pass layer" a line, when the layer begins
    log: str  # a file: stdout and stderr
    moment: tuple[str, int] | None = None  # label, and which step of that label from 1 on
    signal: int = signal.SIGKILL


def label_of(name: str, doing: str = "") -> str:
    """Which part of a run an object belongs to, partly written or not.

    Of the two kinds on which resuming stands, also what is being done to it.
    """
    name = name.rsplit("/", 1)[-1]
    pattern, label = next(row for row in LABELS if row[0].search(name))
    found = pattern.search(name)
    label = found.expand(label) if found else label
    return f"{doing} {label}".strip() if label in ("journal", "shard") else label


@dataclass
class Steps:
    """Counts the steps of a child and ends it at the chosen one."""

    attempt: Attempt
    counts: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def chosen(self, label: str) -> bool:
        with self.lock, Path(self.attempt.steps).open("a") as file:
            self.counts[label] += 1
            file.write(label + "\n")
            return self.attempt.moment == (label, self.counts[label])

    def reach(self, label: str) -> None:
        if self.chosen(label):
            self.stop()

    def stop(self) -> None:
        os.kill(os.getpid(), self.attempt.signal)

    def around(self, owner: Any, name: str, label: Callable[..., str]) -> None:
        """A step before the call and one after it."""
        real = getattr(owner, name)

        def wrapped(*arguments: Any, **options: Any) -> Any:
            self.reach(label(*arguments))
            answer = real(*arguments, **options)
            self.reach(label(*arguments))
            return answer

        setattr(owner, name, wrapped)

    def torn(self, owner: Any) -> None:
        """A write of which only half arrives."""
        real = owner.write

        def write(writer: Any, data: bytes | bytearray | memoryview) -> None:
            view = memoryview(data).cast("B")
            if self.chosen(label_of(writer.path.name, "writing")):
                real(writer, view[: len(view) // 2])
                self.stop()
                view = view[len(view) // 2 :]
            real(writer, view)

        owner.write = write


def note_layers(owner: Any, path: str) -> None:
    real = owner.layer

    def layer(running: Any, index: int, weights: Any) -> Any:
        with Path(path).open("a") as file:
            file.write(f"{running.name} {index}\n")
        return real(running, index, weights)

    owner.layer = layer


def prepare(steps: Steps) -> None:
    """Counts the steps of everything that a run does with storage, and its layers."""
    from stun.passes.measure import MeasurePass
    from stun.passes.prune import PrunePass
    from stun.passes.split import SplitPass
    from stun.storage import s3_writer
    from stun.storage.directory import DirectoryStorage, DirectoryWriter
    from stun.storage.s3 import S3Storage

    s3_writer.SMALL = SMALLEST_PART
    for running in (SplitPass, MeasurePass, PrunePass):
        note_layers(running, steps.attempt.layers)
        steps.around(running, "layer", lambda running, *_: running.name)
    steps.torn(DirectoryWriter)
    steps.around(DirectoryWriter, "__init__", lambda _, storage, path: label_of(path.name))
    steps.around(DirectoryWriter, "close", lambda writer: label_of(writer.path.name, "closing"))
    steps.around(s3_writer.S3Writer, "_put", lambda writer: label_of(writer.key))
    for name in ("_create", "_upload", "close"):
        steps.around(s3_writer.S3Writer, name, upload_label)
    for storage in (DirectoryStorage, S3Storage):
        steps.around(storage, "put_new", lambda _, name, data: label_of(name))
        steps.around(storage, "delete", lambda _, name: f"removal of {label_of(name)}")


def upload_label(writer: Any, *_: object) -> str:
    """Of a large object; a small one has the label of its name."""
    large = getattr(writer, "upload", "not yet")
    return "multipart" if large else label_of(writer.key)


def child(attempt: Attempt) -> None:
    """Never returns."""
    code = 99
    try:
        os.environ.update(attempt.environment)
        log = os.open(attempt.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        prepare(Steps(attempt))
        from stun.cli import main

        code = main(attempt.arguments)
    finally:
        sys.stdout.flush()
        os._exit(code)


def serve() -> None:
    """A line of attempts in, which run at the same time; a line of their exit codes out."""
    import torch
    from transformers.models.mixtral import modeling_mixtral

    from stun.commands import clean, prune
    from stun.storage.s3_client import make_client

    assert all((modeling_mixtral, clean, prune))
    torch.set_num_threads(1)
    with patch.dict(os.environ, AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none"):
        make_client()  # the children have boto's descriptions then
    for line in sys.stdin:
        attempts = [Attempt(**found) for found in json.loads(line)]
        pids = [fork(attempt) for attempt in attempts]
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        print(json.dumps(codes), flush=True)


def fork(found: Attempt) -> int:
    moment = found.moment
    pid = os.fork()
    if pid == 0:
        child(Attempt(**{**asdict(found), "moment": tuple(moment) if moment else None}))
    return pid


class Parent:
    """The process that forks; -9 is the exit code of a killed run."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def run(self, *attempts: Attempt) -> list[int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([asdict(attempt) for attempt in attempts]) + "\n")
        self.process.stdin.flush()
        return list(json.loads(self.process.stdout.readline()))


@contextmanager
def running_parent() -> Iterator[Parent]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crashes"],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Parent(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


if __name__ == "__main__":
    serve()
