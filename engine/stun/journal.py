"""Remembers finished layers, so that a killed run goes on behind the last of them.

The journal is one small JSON object, replaced at a stroke; the states that it names were
written before it, and the files that it lists were closed before it. What happened after the
last replacement is done again, and gives the same bytes.
"""

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import asdict
from threading import Lock
from typing import Any

import torch

from stun.fields import invalid
from stun.layout import unfinished_names
from stun.passes.layer_pass import Journal, LayerPass, NoJournal
from stun.shards import FileRecord, ShardWriter
from stun.states import read_states, restore_states, state_bytes, write_states
from stun.storage import Storage, open_storage

JOURNAL = "journal.json"
PASSES = ("Split", "Measure", "Prune")
STATE = re.compile(rf"({'|'.join(PASSES)})-\d{{5}}\.safetensors")
# What a killed attempt was writing into a directory; a journal is never half of one.
TORN = re.compile(rf"\.({JOURNAL}|{STATE.pattern})\.[0-9a-f]+\.partial")
# Of the bytes streamed, what checkpoints in object storage may add; a scratch disk is free.
SHARE = 0.05
EVERY = "STUN_CHECKPOINT_EVERY"


def open_journal(
    work: str | None,
    checkpoints: Storage,
    output: Storage,
    identity: dict[str, Any],
    device: torch.device,
    layers: int,
) -> Journal:
    """On the scratch directory where there is one, else beside a result in object storage."""
    if work is None and not output.remote:
        return NoJournal()
    storage = checkpoints if work is None else open_storage(work, "output")
    journal = DurableJournal(storage, output, identity, device, layers)
    journal.tidy()
    return journal


def state_name(name: str, index: int) -> str:
    """Of a pass behind a layer: two attempts of one run write the same bytes under it."""
    return f"{name}-{index:05d}.safetensors"


class DurableJournal:
    """Lies in a storage of its own: a scratch directory, or a prefix beside the result."""

    durable = True

    def __init__(
        self,
        storage: Storage,
        output: Storage,
        identity: dict[str, Any],
        device: torch.device,
        layers: int,
    ) -> None:
        self.storage = storage
        self.output = output
        self.layers = layers
        self.lock = Lock()
        fresh: dict[str, Any] = {
            "identity": identity,
            "device": device.type,
            "threads": torch.get_num_threads(),
            "passes": {},
            "files": [],
            "bytesRead": 0,
        }
        self.content: dict[str, Any] = self._found(identity) or fresh
        self.writer: ShardWriter | None = None
        # Of the source, by the attempts before this one.
        self.bytes_before = int(self.content["bytesRead"])
        self.use_machine(device)

    def _found(self, identity: dict[str, Any]) -> dict[str, Any] | None:
        """The journal of this very run, if all that it names is still there.

        The result may have been cleaned in the meantime, or the journal be an older run's.
        """
        info = self.storage.find(JOURNAL)
        if info is None:
            return None
        try:
            found: dict[str, Any] = json.loads(self.storage.read_all(info))
            if found["identity"] != identity:
                return None
            states = named_states(found)
            files = {(record["name"], record["size"]) for record in found["files"]}
        except (ValueError, KeyError, TypeError, AttributeError):
            return None
        there = {info.name for info in self.storage.objects()}
        published = {(info.name, info.size) for info in self.output.objects()}
        return found if states <= there and files <= published else None

    def use_machine(self, device: torch.device) -> None:
        """The last bits of a product depend on the device and on the number of threads."""
        if self.content["device"] != device.type:
            raise invalid(
                f"{self.storage.uri}{JOURNAL} was begun on {self.content['device']}, so its run "
                f"cannot go on with --device {device.type}; use the same device or remove it."
            )
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
        name = None
        if not over or running.leaves_states:
            name = state_name(running.name, index)
            write_states(self.storage, name, running.flows)
        entry = {"state": name, "reports": list(running.reports)}
        read = self.bytes_before + running.context.checkpoint.storage.bytes_read
        return lambda: self._commit(running.name, entry, read)

    def _commit(self, name: str, entry: dict[str, Any], read: int) -> None:
        with self.lock:
            self.content["bytesRead"] = read
            before = self.content["passes"].get(name)
            self.content["passes"][name] = entry
            if self.writer is not None:
                self.content["files"] = [asdict(record) for record in self.writer.records]
            self.storage.put(JOURNAL, json.dumps(self.content).encode())
        if before is not None and before["state"] is not None:
            self.storage.delete(before["state"])

    def _every(self, running: LayerPass) -> int:
        """Every layer on a disk; in object storage as often as SHARE allows."""
        asked = os.environ.get(EVERY)
        if asked is not None:
            if not asked.isdigit() or int(asked) < 1:
                raise invalid(f"{EVERY} is {asked!r}; write a number of layers of at least 1.")
            return int(asked)
        if not self.storage.remote:
            return 1
        streamed = 2 * running.context.checkpoint.layer_bytes
        return max(1, math.ceil(state_bytes(running.flows) / (SHARE * streamed)))

    def tidy(self) -> None:
        """Removes what a killed attempt left half done; the run key is this run's alone."""
        known = named_states(self.content)
        remove_states(self.storage, lambda name: name not in known)
        written = [info.name for info in self.output.objects()]
        if written:
            self.output.abort_uploads(unfinished_names(written))

    def remove(self) -> None:
        """When the run is over, for good or ill."""
        remove_checkpoints(self.storage, self.layers)


def named_states(content: dict[str, Any]) -> set[str]:
    """A finished pass that is only reported has none."""
    return {entry["state"] for entry in content["passes"].values()} - {None}


def remove_states(storage: Storage, chosen: Callable[[str], bool]) -> None:
    """Nothing else: whoever names a scratch directory may have other files in it."""
    for info in storage.objects():
        if TORN.fullmatch(info.name) or (STATE.fullmatch(info.name) and chosen(info.name)):
            storage.delete(info.name)


def remove_checkpoints(storage: Storage, layers: int) -> None:
    """The journal first: without its states it would be one that lies."""
    storage.delete(JOURNAL)
    remove_states(storage, lambda name: True)
    if storage.remote:
        storage.abort_uploads([state_name(name, i) for name in PASSES for i in range(layers)])
