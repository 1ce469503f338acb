"""One question of a task, and the line of its dataset that it is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Metric = Literal["acc", "acc_norm"]


class BadLineError(ValueError):
    """What a line lacks, as the end of a sentence that begins with where it stands."""


@dataclass(frozen=True)
class Line:
    """A JSON object whose fields are checked when they are read."""

    fields: dict[str, Any]

    def text(self, name: str) -> str:
        found = self.fields.get(name)
        if not isinstance(found, str):
            raise BadLineError(f"{name} is no text")
        return found

    def texts(self, name: str) -> list[str]:
        found = self.fields.get(name)
        if isinstance(found, list) and len(found) > 1 and all(isinstance(e, str) for e in found):
            return found
        raise BadLineError(f"{name} is no list of two or more texts")

    def part(self, name: str) -> "Line":
        found = self.fields.get(name)
        if not isinstance(found, dict):
            raise BadLineError(f"{name} is no object")
        return Line(found)

    def index(self, name: str, choices: int) -> int:
        """The number of the right choice, from 0; a text of digits too, as HellaSwag has it."""
        found = self.fields.get(name)
        if isinstance(found, str) and found.isdecimal():
            found = int(found)
        if isinstance(found, int) and 0 <= found < choices:
            return int(found)
        raise BadLineError(f"{name} is none of the {choices} choices")


@dataclass(frozen=True)
class Question:
    """(context, continuation) of each choice, the choices' lengths in characters, the right one.

    The lengths are those of the choices alone, without the space before them: acc_norm
    divides each choice's log-likelihood by its length.
    """

    requests: tuple[tuple[str, str], ...]
    lengths: tuple[int, ...]
    gold: int


@dataclass(frozen=True)
class Preset:
    """A task: how a line of its dataset is asked, and how its answers are counted."""

    ask: Callable[[Line], Question]
    metric: Metric


def choose(context: str, choices: list[str], gold: int) -> Question:
    """Which of the choices goes on after the context, a space between them."""
    return Question(
        requests=tuple((context, f" {choice}") for choice in choices),
        lengths=tuple(len(choice) for choice in choices),
        gold=gold,
    )
