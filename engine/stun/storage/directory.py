"""A directory as storage: file:// URIs, plain paths and what the operator mounts."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from stun.errors import StunError
from stun.storage.base import Fault, ObjectInfo, Role, Storage, Writer
from stun.storage.filling import Filler

PARTIAL = ".partial"
READS_AT_ONCE = 4
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DirectoryWriter(Writer):
    """Writes beside the final name and renames: a file that has its name is whole."""

    def __init__(self, storage: "DirectoryStorage", path: Path) -> None:
        self.storage = storage
        self.path = path
        # Two runs of one key may write at the same time, each as process 1 of its container.
        self.partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")
        with storage.translate(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: a buffer would be flushed by close(), and fail again on a full disk.
            self.file = self.partial.open("wb", buffering=0)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data).cast("B")
        with self.storage.translate(self.path):
            while view:
                # One write() of Linux takes at most 2 GiB, and less when the disk fills up.
                view = view[self.file.write(view) :]

    def close(self) -> None:
        with self.storage.translate(self.path):
            # The manifest must never survive a power cut that the weights did not.
            os.fsync(self.file.fileno())
            self.file.close()
            self.partial.replace(self.path)

    def abort(self) -> None:
        with self.storage.translate(self.path):
            self.file.close()
            self.partial.unlink(missing_ok=True)


class DirectoryStorage(Storage):
    def __init__(self, uri: str, role: Role, root: Path) -> None:
        super().__init__(uri, role)
        self.root = root

    @contextmanager
    def translate(self, path: Path) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise self.fault("missing", f"{path} does not exist; check the URI.") from error
        except (NotADirectoryError, FileExistsError) as error:
            raise self.fault(
                "misplaced", f"{path} lies in a file where a folder is meant; check the URI."
            ) from error
        except IsADirectoryError as error:
            raise self.fault(
                "misplaced", f"{path} is a folder where a file is meant; move it, or check the URI."
            ) from error
        except PermissionError as error:
            raise self.fault(
                "denied", f"{path} may not be accessed; grant the permission."
            ) from error
        except OSError as error:
            kind: Fault = "misplaced" if error.errno == errno.ENAMETOOLONG else "unavailable"
            raise self.fault(kind, explain(path, error)) from error

    def _info(self, path: Path) -> ObjectInfo:
        stat = path.stat()
        name = path.relative_to(self.root).as_posix()
        return ObjectInfo(name, stat.st_size, str(stat.st_mtime_ns), stat.st_mtime)

    def objects(self) -> list[ObjectInfo]:
        with self.translate(self.root):
            if self.role == "model":
                next(self.root.iterdir(), None)  # rglob hides a directory that cannot be read
            files = [path for path in self.root.rglob("*") if path.is_file()]
            return sorted((self._info(path) for path in files), key=lambda info: info.name)

    def find(self, name: str) -> ObjectInfo | None:
        path = self.root / name
        with self.translate(path):
            if path.is_dir():
                raise IsADirectoryError
            return self._info(path) if path.is_file() else None

    @cached_property
    def filler(self) -> Filler:
        return Filler(READS_AT_ONCE)

    def read(self, info: ObjectInfo, start: int, length: int) -> memoryview:
        path = self.root / info.name
        with self.translate(path), path.open("rb", buffering=0) as file:
            if str(os.fstat(file.fileno()).st_mtime_ns) != info.version:
                raise changed(self, path)

            def fetch(offset: int, piece: memoryview) -> None:
                while piece:
                    count = os.preadv(file.fileno(), [piece], start + offset)
                    if count == 0:
                        raise changed(self, path)
                    self.count_read(count)
                    offset, piece = offset + count, piece[count:]

            return self.filler.fill(length, fetch)

    def writer(self, name: str, size: int) -> Writer:
        return DirectoryWriter(self, self.root / name)

    def put_new(self, name: str, data: bytes) -> bool:
        path = self.root / name
        own = f".{name}.{secrets.token_hex(4)}{PARTIAL}"
        self.put(own, data)
        with self.translate(path):
            try:
                # A link refuses an existing name; a rename would replace it.
                path.hardlink_to(self.root / own)
            except FileExistsError:
                return False
            finally:
                # A run of the same key that failed may have tidied it away.
                (self.root / own).unlink(missing_ok=True)
        return True

    def delete(self, name: str) -> None:
        with self.translate(self.root / name):
            (self.root / name).unlink(missing_ok=True)

    def abort_uploads(self, names: list[str]) -> int:
        """Unlinks partial files, then the folders of the run that are left empty."""
        with self.translate(self.root):
            partial = list(self.root.rglob(f".*{PARTIAL}"))
            for path in partial:
                path.unlink(missing_ok=True)
            for folder in [*sorted(self.root.rglob("*"), reverse=True), self.root]:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
        return len(partial)


def explain(path: Path, error: OSError) -> str:
    if error.errno in FULL:
        return (
            f"{path} does not fit: {error.strerror}; make room or give a larger volume, the run "
            "is retried."
        )
    if error.errno == errno.ENAMETOOLONG:
        return f"{path} is too long for a file name; check the URI."
    return f"{path} failed: {error.strerror}; check the volume, the run is retried."


def changed(storage: Storage, path: Path) -> StunError:
    return storage.fault(
        "unavailable", f"{path} changed while it was read; leave it alone and retry."
    )
