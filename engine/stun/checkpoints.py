"""What lies on a scratch disk, or beside a result, of a run that can go on, and how it goes."""

import re
import time
from collections.abc import Callable

from stun.storage import Storage
from stun.storage.directory import PARTIAL

JOURNAL = "stun-journal.json"
PASSES = ("Split", "Measure", "Prune")
STATE = re.compile(rf"({'|'.join(PASSES)})-\d{{5}}\.safetensors")
# What a killed attempt was writing into a directory; a journal is never half of one.
TORN = re.compile(rf"\.({re.escape(JOURNAL)}|{STATE.pattern})\.[0-9a-f]+\.partial")

# A file that nobody has written to for so many seconds is nobody's: a run writes without a pause.
IDLE = 900.0


def state_name(name: str, index: int) -> str:
    """Of a pass behind a layer: two attempts of one run write the same bytes under it."""
    return f"{name}-{index:05d}.safetensors"


def remove_idle(storage: Storage, chosen: Callable[[str], bool]) -> None:
    """What killed attempts left, before new files need the room.

    Younger files may be what another run of the key is writing right now; they go when the run
    is over.
    """
    for info in storage.objects():
        if chosen(info.name) and time.time() - info.modified > IDLE:
            storage.delete(info.name)


def is_partial(name: str) -> bool:
    """Of a file of the result, in a directory."""
    return name.startswith(".") and name.endswith(PARTIAL)


def is_checkpoint(name: str) -> bool:
    """Whoever names a scratch directory may have other files in it."""
    return bool(STATE.fullmatch(name) or TORN.fullmatch(name))


def remove_checkpoints(storage: Storage, layers: int) -> None:
    """The journal first: without its states it would be one that lies."""
    storage.delete(JOURNAL)
    for info in storage.objects():
        if is_checkpoint(info.name):
            storage.delete(info.name)
    if storage.remote:
        storage.abort_uploads([state_name(name, i) for name in PASSES for i in range(layers)])
