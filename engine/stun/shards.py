"""Writes planned files one after the other, in a thread behind the computation."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import torch

from stun.errors import StunError
from stun.layout import Shard
from stun.safetensors_io import encode_header, to_bytes
from stun.storage import Storage, Writer


@dataclass(frozen=True)
class FileRecord:
    """A published file as the manifest lists it."""

    name: str
    size: int
    sha256: str


def nothing_more() -> None:
    """The follow-up of a file that nobody waits for."""


class ShardWriter:
    """Takes files in the planned order. One may be in flight, so memory stays bounded."""

    def __init__(
        self, storage: Storage, shards: list[Shard], finished: list[FileRecord] | None = None
    ) -> None:
        self.storage = storage
        self.records = list(finished or [])
        self.waiting = list(shards[len(self.records) :])
        self.out: Writer | None = None
        self.stopped = Event()
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="write")
        self.hashing = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self.flight: Future[None] | None = None

    def submit(
        self, tensors: dict[str, torch.Tensor], then: Callable[[], None] = nothing_more
    ) -> None:
        """Writes a file behind the caller's back, then calls `then` in the writer's thread.

        The tensors must not change any more.
        """
        self.wait()
        self.flight = self.pool.submit(self._write, self.waiting.pop(0), tensors, then)

    def wait(self) -> None:
        if self.flight is not None:
            self.flight.result()
            self.flight = None

    def finish(self) -> list[FileRecord]:
        self.wait()
        self._close_pools()
        if self.waiting:
            raise AssertionError(f"{self.waiting[0].name} was planned and nobody wrote it")
        return self.records

    def abort(self) -> None:
        """Drops the file in progress; safe at any moment, even twice."""
        self.stopped.set()
        self._close_pools()
        if self.out is not None:
            self.out.abort()
            self.out = None

    def _close_pools(self) -> None:
        for pool in (self.pool, self.hashing):
            pool.shutdown(cancel_futures=True)

    def _write(
        self, shard: Shard, tensors: dict[str, torch.Tensor], then: Callable[[], None]
    ) -> None:
        digest = hashlib.sha256()
        self.out = self.storage.writer(shard.name, shard.nbytes)
        for data in shard_bytes(shard, tensors):
            if self.stopped.is_set():
                raise StunError("Interrupted", "The run was stopped while it wrote its result.")
            hashed = self.hashing.submit(digest.update, data)
            self.out.write(data)
            hashed.result()
        self.out.close()
        self.out = None
        self.records.append(FileRecord(shard.name, shard.nbytes, digest.hexdigest()))
        then()


def shard_bytes(shard: Shard, tensors: dict[str, torch.Tensor]) -> Iterator[bytes | memoryview]:
    """The file's header and then its tensors; both must be exactly as planned."""
    if tensors.keys() != {spec.name for spec in shard.tensors}:
        raise AssertionError(f"{shard.name} was planned with other tensors")
    yield encode_header(shard.tensors)
    for spec in shard.tensors:
        data = to_bytes(tensors[spec.name])
        if tuple(tensors[spec.name].shape) != spec.shape or len(data) != spec.nbytes:
            raise AssertionError(f"{spec.name} is not as it was planned")
        yield data
