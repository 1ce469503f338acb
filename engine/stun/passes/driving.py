"""Leads a pass over the layers, and says what it expects of a journal that remembers them."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol

from stun.errors import naming
from stun.layers import read_one, stream_layers
from stun.passes.layer_pass import LayerPass
from stun.shards import FileRecord, ShardWriter
from stun.stopping import asked_to_stop, ending_layers_first


class Journal(Protocol):
    """Remembers finished layers across a crash."""

    @property
    def durable(self) -> bool:
        """Whether a later attempt can go on from what this one finished."""

    @property
    def bytes_before(self) -> int:
        """What earlier attempts have read of the source."""

    @property
    def seconds_before(self) -> dict[str, float]:
        """What earlier attempts have spent on each stage."""

    @property
    def files(self) -> list[FileRecord]:
        """The result's files that are finished."""

    def attach(self, writer: ShardWriter) -> None:
        """The writer of the files that the last pass makes."""

    def restore(self, running: LayerPass) -> int:
        """Gives flows and reports back; the first layer that is not finished."""

    def keep(self, running: LayerPass, index: int, last: bool) -> Callable[[], None]:
        """Stores the states behind layer `index`; what it returns makes the layer count.

        `last`: whether this attempt does no more layers.
        """

    def remove(self) -> None:
        """When nothing is left to go on with."""


class NoJournal:
    """Of a run that starts over when it is killed."""

    durable = False
    bytes_before = 0

    @property
    def seconds_before(self) -> dict[str, float]:
        return {}

    @property
    def files(self) -> list[FileRecord]:
        return []

    def attach(self, writer: ShardWriter) -> None: ...

    def restore(self, running: LayerPass) -> int:
        return 0

    def keep(self, running: LayerPass, index: int, last: bool) -> Callable[[], None]:
        return lambda: None

    def remove(self) -> None: ...


def drive(running: LayerPass, journal: Journal) -> list[dict[str, Any]]:
    """Leads a pass over the layers that it has not finished yet."""
    context = running.context
    checkpoint, family, progress = context.checkpoint, context.family, context.progress
    running.begin(read_one(checkpoint, family.embedding, context.device))
    first = journal.restore(running)
    progress.skip(first)
    with ending_layers_first() if journal.durable else nullcontext():
        for index, weights in stream_layers(checkpoint, family, context.device, first):
            progress.layer = index + 1
            with naming(f"layer {index} of {checkpoint.uri}"):
                result = running.layer(index, weights)
            weights.clear()  # the next layer is about to take the room
            if index + 1 == checkpoint.config.layers:
                running.end()
            stopping = asked_to_stop()
            running.hand_over(index, result, journal.keep(running, index, stopping))
            del result  # once written, nothing of it is to stay beside the next layer
            progress.advance()
            if stopping:
                running.wait()
                break
    return running.reports
