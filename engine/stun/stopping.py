"""SIGTERM and Ctrl-C: they stop a run until it publishes, and are too late from then on.

Past its manifest a run is done but for its last words. Stopped there it would say that it
failed, and a user would see a failed job beside a published model. A run that a later attempt
goes on from ends its layer first: to be stopped should cost less than to be killed.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from stun.errors import Interrupted

STOPPING = (signal.SIGTERM, signal.SIGINT)
# Of the 60 that a pod is given, in seconds; tidying up takes the others.
PATIENCE = 40.0


@dataclass
class Request:
    """The signal that waits, if signals may wait now."""

    may_wait: bool = False
    waits: bool = False


REQUEST = Request()


def interrupt(signum: int, frame: FrameType | None) -> None:
    """At once, unless it may wait; a second one, or the end of patience, never waits."""
    if REQUEST.waits or not REQUEST.may_wait:
        raise Interrupted
    REQUEST.waits = True
    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)


def asked_to_stop() -> bool:
    return REQUEST.waits


@contextmanager
def ending_layers_first() -> Iterator[None]:
    """Inside, a signal waits until asked_to_stop() is looked at, or for the end."""
    REQUEST.may_wait = True
    try:
        yield
    finally:
        # In this order: a signal that arrives in between must not get lost.
        REQUEST.may_wait = False
        waited, REQUEST.waits = REQUEST.waits, False
        signal.setitimer(signal.ITIMER_REAL, 0)
    if waited:
        raise Interrupted


def obey_signals() -> None:
    for number in STOPPING:
        signal.signal(number, interrupt)


def ignore_signals() -> None:
    """Until the process ends: seconds, and a storage that hangs then meets SIGKILL."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
