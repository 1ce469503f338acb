"""Remembers finished layers, so that a killed run goes on behind the last of them.

The journal is one small JSON object, replaced at a stroke; the states that it names were
written before it, and the files that it lists were closed before it. What happened after the
last replacement is done again, and gives the same bytes.
"""

import math
import os
from collections.abc import Callable
from dataclasses import asdict
from threading import Lock
from typing import Any

import torch

from stun.checkpoints import (
    JOURNAL,
    is_checkpoint,
    is_partial,
    remove_checkpoints,
    remove_idle,
    state_name,
)
from stun.fields import invalid
from stun.journal_file import Content, StartOverError, encode_journal, load_journal
from stun.passes.driving import Journal, NoJournal
from stun.passes.layer_pass import LayerPass
from stun.progress import Progress
from stun.shards import FileRecord, ShardWriter
from stun.states import read_states, restore_states, state_bytes, write_states
from stun.storage import Storage

# Of the bytes streamed, what checkpoints in object storage may add; a scratch disk is free.
SHARE = 0.05
EVERY = "STUN_CHECKPOINT_EVERY"


def open_journal(
    storage: Storage | None,
    output: Storage,
    identity: Content,
    layers: int,
    progress: Progress,
) -> Journal:
    """What an earlier attempt left in `storage` is gone on from, or removed with a sentence."""
    if storage is None:
        return NoJournal()
    content = fresh(identity)
    try:
        content = load_journal(storage, output, identity) or content
    except StartOverError as reason:
        progress.say(f"{reason}; the run starts over.")
    states = {entry["state"] for entry in content["passes"].values()}
    remove_idle(storage, lambda name: is_checkpoint(name) and name not in states)
    remove_idle(output, is_partial)
    return DurableJournal(storage, content, layers)


def fresh(identity: Content) -> Content:
    """The journal of a run that has done nothing yet."""
    return {
        "identity": identity,
        "threads": torch.get_num_threads(),
        "passes": {},
        "files": [],
        "bytesRead": 0,
        "seconds": {},
    }


class DurableJournal:
    """Lies in a storage of its own: a scratch directory, or a prefix beside the result."""

    durable = True

    def __init__(self, storage: Storage, content: Content, layers: int) -> None:
        self.storage = storage
        self.content = content
        self.layers = layers
        self.lock = Lock()
        self.writer: ShardWriter | None = None
        # By the attempts before this one: bytes of the source, and time by stage.
        self.bytes_before = int(self.content["bytesRead"])
        self.seconds_before: dict[str, float] = dict(self.content["seconds"])
        # The last bits of a sum depend on how many threads share it.
        torch.set_num_threads(self.content["threads"])

    def attach(self, writer: ShardWriter) -> None:
        """The writer whose finished files count with the layers of the pass that prunes."""
        self.writer = writer

    @property
    def files(self) -> list[FileRecord]:
        return [FileRecord(**record) for record in self.content["files"]]

    def restore(self, running: LayerPass) -> int:
        entry = self.content["passes"].get(running.name)
        if entry is None:
            return 0
        if entry["state"] is not None:
            restore_states(running.flows, read_states(self.storage, entry["state"]))
        running.reports.extend(entry["reports"])
        return len(running.reports)

    def keep(self, running: LayerPass, index: int, last: bool) -> Callable[[], None]:
        over = index + 1 == self.layers
        if (index + 1) % self._every(running) and not over and not last:
            return lambda: None
        entry: dict[str, Any] = {"state": None, "sha256": None, "reports": list(running.reports)}
        if not over or running.leaves_states:
            entry |= self._keep_states(running, index)
        spent = {
            "bytesRead": self.bytes_before + running.context.checkpoint.storage.bytes_read,
            "seconds": running.context.progress.totals(),
        }
        return lambda: self._commit(running.name, entry, spent)

    def _keep_states(self, running: LayerPass, index: int) -> dict[str, str]:
        name = state_name(running.name, index)
        return {"state": name, "sha256": write_states(self.storage, name, running.flows)}

    def _commit(self, name: str, entry: dict[str, Any], spent: dict[str, Any]) -> None:
        with self.lock:
            before = self.content["passes"].get(name)
            self.content |= spent
            self.content["passes"][name] = entry
            if self.writer is not None:
                self.content["files"] = [asdict(record) for record in self.writer.records]
            self.storage.put(JOURNAL, encode_journal(self.content))
        if before is not None and before["state"] is not None:
            self.storage.delete(before["state"])

    def _every(self, running: LayerPass) -> int:
        """Every layer on a disk; in object storage as often as SHARE allows."""
        asked = os.environ.get(EVERY)
        if asked is not None:
            if not asked.isdecimal() or int(asked) < 1:
                raise invalid(f"{EVERY} is {asked!r}; write a number of layers of at least 1.")
            return int(asked)
        if not self.storage.remote:
            return 1
        streamed = 2 * running.context.checkpoint.layer_bytes
        return max(1, math.ceil(state_bytes(running.flows) / (SHARE * streamed)))

    def remove(self) -> None:
        """When the run is over, for good or ill."""
        remove_checkpoints(self.storage, self.layers)
