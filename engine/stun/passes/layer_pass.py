"""What all passes have in common: states that flow from layer to layer, and a report of each."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, ClassVar, Protocol

import torch

from stun.errors import naming
from stun.families import Weights
from stun.flow import Flow
from stun.layers import read_one, stream_layers
from stun.passes.context import Context
from stun.shards import FileRecord, ShardWriter
from stun.stopping import asked_to_stop, ending_layers_first


class LayerPass(ABC):
    """One reading of all layers. `flows` and `reports` are all that it remembers of them."""

    name: ClassVar[str]
    # Whether the states behind the last layer are needed when the pass is over.
    leaves_states: ClassVar[bool] = False

    def __init__(self, context: Context) -> None:
        self.context = context
        self.flows: dict[str, Flow] = {}
        # One JSON object a layer.
        self.reports: list[dict[str, Any]] = []

    @abstractmethod
    def begin(self, embedding: torch.Tensor) -> None:
        """Makes the flows; the embedding matrix is on the device."""

    @abstractmethod
    def layer(self, index: int, weights: Weights) -> Weights:
        """Works on one layer and reports it; returns what is to be written of it."""

    def end(self) -> None:
        """Reports what the states behind the last layer tell; they are not kept for it."""
        return

    def hand_over(self, index: int, result: Weights, done: Callable[[], None]) -> None:
        """Gives the result away, and calls `done` when nothing of it can be lost any more."""
        done()

    def wait(self) -> None:
        """Until nothing that was handed over can be lost."""
        return


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
