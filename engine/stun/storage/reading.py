"""An object as a Python file, read in order: for formats whose libraries want a file."""

import io
from typing import TYPE_CHECKING

from stun.storage.base import ObjectInfo, Storage

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# One request each on S3; the reader holds no more than this of the object.
SPAN = 4 << 20


class SequentialObject(io.RawIOBase):
    def __init__(self, storage: Storage, info: ObjectInfo) -> None:
        self.storage, self.info = storage, info
        self.position = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        target = memoryview(buffer)
        size = min(len(target), self.info.size - self.position)
        target[:size] = self.storage.read(self.info, self.position, size)
        self.position += size
        return size
