"""What all passes have in common: states that flow from layer to layer, and a report of each."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import torch

from stun.families import Weights
from stun.flow import Flow
from stun.layers import read_one, stream_layers
from stun.passes.context import Context
from stun.shards import FileRecord, ShardWriter


class LayerPass(ABC):
    """One reading of all layers. `flows` and `reports` are all that it remembers of them."""

    name: ClassVar[str]

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

    def hand_over(self, index: int, result: Weights, done: Callable[[], None]) -> None:
        """Gives the result away, and calls `done` when nothing of it can be lost any more."""
        done()


class Journal(Protocol):
    """Remembers finished layers across a crash."""

    @property
    def durable(self) -> bool:
        """Whether a later attempt can go on from what this one finished."""

    @property
    def bytes_before(self) -> int:
        """What earlier attempts have read of the source."""

    @property
    def files(self) -> list[FileRecord]:
        """The result's files that are finished."""

    def attach(self, writer: ShardWriter) -> None:
        """The writer of the files that the last pass makes."""

    def restore(self, running: LayerPass) -> int:
        """Gives flows and reports back; the first layer that is not finished."""

    def keep(self, running: LayerPass, index: int) -> Callable[[], None]:
        """Stores the states behind layer `index`; what it returns makes the layer count."""

    def remove(self) -> None:
        """When nothing is left to go on with."""


class NoJournal:
    """Of a run that starts over when it is killed."""

    durable = False
    bytes_before = 0

    @property
    def files(self) -> list[FileRecord]:
        return []

    def attach(self, writer: ShardWriter) -> None: ...

    def restore(self, running: LayerPass) -> int:
        return 0

    def keep(self, running: LayerPass, index: int) -> Callable[[], None]:
        return lambda: None

    def remove(self) -> None: ...


def drive(running: LayerPass, journal: Journal) -> list[dict[str, Any]]:
    """Leads a pass over the layers that it has not finished yet."""
    context = running.context
    checkpoint, family, progress = context.checkpoint, context.family, context.progress
    running.begin(read_one(checkpoint, family.embedding, context.device))
    first = journal.restore(running)
    progress.skip(first)
    for index, weights in stream_layers(checkpoint, family, context.device, first):
        progress.layer = index + 1
        result = running.layer(index, weights)
        weights.clear()  # the next layer is about to take the room
        running.hand_over(index, result, journal.keep(running, index))
        progress.advance()
    return running.reports
