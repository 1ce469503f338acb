"""SIGTERM and Ctrl-C: they stop a run until it publishes, and are too late from then on.

Past its manifest a run is done but for its last words. Stopped there it would say that it
failed, and a user would see a failed job beside a published model.
"""

import signal
from types import FrameType

from stun.errors import Interrupted

STOPPING = (signal.SIGTERM, signal.SIGINT)


def interrupt(signum: int, frame: FrameType | None) -> None:
    raise Interrupted


def obey_signals() -> None:
    for number in STOPPING:
        signal.signal(number, interrupt)


def ignore_signals() -> None:
    """Until the process ends: seconds, and a storage that hangs then meets SIGKILL."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
