"""Writes planned files tensor by tensor, in a thread behind the computation."""

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import torch

from stun.errors import StunError
from stun.layout import Shard
from stun.safetensors_io import TensorSpec, encode_header, to_bytes
from stun.storage import Storage, Writer


@dataclass(frozen=True)
class FileRecord:
    """A published file as the manifest lists it."""

    name: str
    size: int
    sha256: str


class ShardWriter:
    """Takes units in the planned order. One unit may be in flight, so memory stays bounded."""

    def __init__(self, storage: Storage, shards: list[Shard]) -> None:
        self.storage = storage
        self.waiting = list(shards)
        self.pending: list[TensorSpec] = []
        self.records: list[FileRecord] = []
        self.shard: Shard | None = None
        self.out: Writer | None = None
        self.digest = hashlib.sha256()
        self.stopped = Event()
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="write")
        self.flight: Future[None] | None = None

    def submit(self, tensors: dict[str, torch.Tensor]) -> None:
        """Writes a unit behind the caller's back; the tensors must not change any more."""
        self.wait()
        self.flight = self.pool.submit(self._write_unit, tensors)

    def wait(self) -> None:
        if self.flight is not None:
            self.flight.result()
            self.flight = None

    def finish(self) -> list[FileRecord]:
        self.wait()
        self.pool.shutdown()
        if self.waiting or self.pending:
            raise AssertionError("tensors were planned that nobody wrote")
        return self.records

    def abort(self) -> None:
        """Drops the file in progress; safe at any moment, even twice."""
        self.stopped.set()
        self.pool.shutdown(cancel_futures=True)
        if self.out is not None:
            self.out.abort()
            self.out = None

    def _write_unit(self, tensors: dict[str, torch.Tensor]) -> None:
        left = dict(tensors)
        while left:
            if not self.pending:
                self._open()
            spec = self.pending.pop(0)
            self._write_tensor(spec, left.pop(spec.name))
            if not self.pending:
                self._close()

    def _open(self) -> None:
        self.shard = self.waiting.pop(0)
        self.pending = list(self.shard.tensors)
        self.out = self.storage.writer(self.shard.name, self.shard.nbytes)
        self.digest = hashlib.sha256()
        self._write_bytes(encode_header(self.pending))

    def _write_tensor(self, spec: TensorSpec, tensor: torch.Tensor) -> None:
        if self.stopped.is_set():
            raise StunError("Interrupted", "The run was stopped while it wrote its result.")
        data = to_bytes(tensor)
        if tuple(tensor.shape) != spec.shape or len(data) != spec.nbytes:
            raise AssertionError(f"{spec.name} is not as it was planned")
        self._write_bytes(data)

    def _write_bytes(self, data: bytes | memoryview) -> None:
        assert self.out is not None
        self.digest.update(data)
        self.out.write(data)

    def _close(self) -> None:
        assert self.out is not None
        assert self.shard is not None
        self.out.close()
        self.out = None
        record = FileRecord(self.shard.name, self.shard.nbytes, self.digest.hexdigest())
        self.records.append(record)
