"""One interface over directories and S3, so that nothing else knows which is used."""

import hashlib
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import ClassVar, Literal, Self

from stun.errors import StunError

Role = Literal["model", "calibration", "quality", "output"]
Fault = Literal["missing", "misplaced", "no bucket", "denied", "unavailable"]

# What the user has to put right.
MISTAKES: tuple[Fault, ...] = ("missing", "misplaced", "no bucket", "denied")
# The same missing object means another thing to the user for each use of a storage.
# A permission for the output may still be on its way; a bucket is never made by a retry.
REASONS: dict[Role, dict[Fault, str]] = {
    "model": {
        "missing": "ModelNotFound",
        "misplaced": "ModelNotFound",
        "no bucket": "ModelUnreadable",
        "denied": "ModelUnreadable",
    },
    "calibration": dict.fromkeys(MISTAKES, "CalibrationInvalid"),
    "quality": dict.fromkeys(MISTAKES, "QualityDataInvalid"),
    "output": {"misplaced": "OutputConflict", "no bucket": "OutputConflict"},
}
# Of an object whose digest is asked: more than that is never held of it.
SPAN = 64 << 20


@dataclass(frozen=True)
class ObjectInfo:
    """An object: its name below the storage's URI, its size and what tells its versions apart.

    `modified` is when it was last written to, in seconds since 1970 by the storage's own clock.
    """

    name: str
    size: int
    version: str
    modified: float = field(default=0.0, compare=False)


class Writer(ABC):
    """An object being written: visible under its name only after close()."""

    @abstractmethod
    def write(self, data: bytes | bytearray | memoryview) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def abort(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self.close()
                return
        except BaseException:
            self._give_up()
            raise
        self._give_up()

    def _give_up(self) -> None:
        """What stopped the write is the news, not that it cannot be tidied away either."""
        with suppress(StunError):
            self.abort()


class Storage(ABC):
    """The objects below one URI. `bytes_read` counts what was really read of their contents,
    by whichever thread, a second attempt included."""

    # Whether every write crosses a network: then checkpoints cost what results cost.
    remote: ClassVar[bool] = False

    def __init__(self, uri: str, role: Role) -> None:
        self.uri = uri
        self.role: Role = role
        self.bytes_read = 0
        self._lock = Lock()

    def count_read(self, size: int) -> None:
        with self._lock:
            self.bytes_read += size

    def fault(self, kind: Fault, message: str) -> StunError:
        return StunError(REASONS[self.role].get(kind, "StorageUnavailable"), message)

    @abstractmethod
    def objects(self) -> list[ObjectInfo]:
        """All objects below the URI, sorted by name; none is not an error."""

    @abstractmethod
    def find(self, name: str) -> ObjectInfo | None: ...

    @abstractmethod
    def read(self, info: ObjectInfo, start: int, length: int) -> memoryview:
        """Exactly `length` bytes of the version that `info` names, in memory of their own."""

    @abstractmethod
    def writer(self, name: str, size: int) -> Writer: ...

    @abstractmethod
    def put_new(self, name: str, data: bytes) -> bool:
        """Writes an object that must not exist yet; False when it does."""

    @abstractmethod
    def delete(self, name: str) -> None: ...

    @abstractmethod
    def abort_uploads(self, names: list[str]) -> int:
        """Drops writes that were begun and never closed, of these names too; how many."""

    def place(self, name: str) -> str:
        """An object as a sentence names it."""
        return f"{self.uri.rstrip('/')}/{name}"

    def read_all(self, info: ObjectInfo) -> bytes:
        return bytes(self.read(info, 0, info.size))

    def sha256(self, info: ObjectInfo) -> str:
        digest = hashlib.sha256()
        for start in range(0, info.size, SPAN):
            digest.update(self.read(info, start, min(SPAN, info.size - start)))
        return digest.hexdigest()

    def put(self, name: str, data: bytes) -> None:
        with self.writer(name, len(data)) as out:
            out.write(data)
