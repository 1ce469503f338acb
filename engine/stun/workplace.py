"""The folder that a run works in: one of its own, and one run's at a time."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stun.errors import StunError
from stun.storage import Storage, absolute
from stun.storage.directory import DirectoryStorage

LOCK = ".stun-lock"
# What a file system answers that knows no locks.
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)


def check_work(work: Storage, model: str, result: str) -> None:
    """A server would download it with the model; the end of a run would take it for a leftover.

    Object storage has no locks, and two runs there would remove each other's states.
    """
    if work.remote:
        raise StunError(
            "RecipeInvalid",
            f"--work {work.uri} is no folder; give a path, or leave it out: a run whose output is "
            "in S3 keeps its journal there.",
        )
    for place, what in ((model, "source model"), (result, "result")):
        if f"{absolute(work.uri)}/".startswith(f"{absolute(place)}/"):
            raise StunError(
                "OutputConflict",
                f"--work {work.uri} lies in the {what} {place}; give a folder outside of it.",
            )


@contextmanager
def sole_use(storage: Storage | None) -> Iterator[None]:
    """Holds a lock that the kernel releases when the process dies, however it does.

    A run in object storage has none; two of a key do not spoil each other's result there.
    """
    if not isinstance(storage, DirectoryStorage):
        yield
        return
    path = storage.root / LOCK
    with storage.translate(path):
        handle = lock(path, storage)
    try:
        yield
    finally:
        # In this order: without the lock it may be the next run's already.
        with suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(handle)


def lock(path: Path, storage: Storage) -> int:
    """The open file. It may vanish while it is opened, with the run that held it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in NO_LOCKS:
                return handle
            os.close(handle)
            if isinstance(error, BlockingIOError):
                raise in_use(storage) from error
            raise
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)


def in_use(storage: Storage) -> StunError:
    return storage.fault(
        "unavailable",
        f"Another run works in {storage.uri} right now; wait until it is over, or give this one "
        "a folder of its own as --work.",
    )
