"""What became of each expert of a layer, as the groups of the report tell it."""

from dataclasses import dataclass
from typing import Literal

from stun.report.formats import Json, ids
from stun.report.words import GROUPED, Words

State = Literal["kept", "averaged", "dropped"]
STATES: dict[State, str] = {
    "kept": "kept",
    "averaged": "averaged with its group into one expert",
    "dropped": "dropped",
}


@dataclass(frozen=True)
class Fate:
    state: State
    into: int
    group: list[int]
    words: Words

    def sentence(self) -> str:
        others = len(self.group) - 1
        if self.state == "kept":
            return self.words.kept.format(others=others) if others else "kept"
        if self.state == "averaged":
            return f"averaged over experts {ids(self.group)}"
        return self.words.dropped.format(into=self.into)


def fates(layer: Json, words: Words = GROUPED) -> dict[int, Fate]:
    """By expert number of the source, ascending."""
    found = {
        member: fate(member, group["members"], group.get("kept"), words)
        for group in layer.get("groups") or []
        for member in group["members"]
    }
    return dict(sorted(found.items()))


def states(layers: list[Json]) -> list[State]:
    """Those that occur, in the order of the legend."""
    found = {fate.state for layer in layers for fate in fates(layer).values()}
    return [state for state in STATES if state in found]


def fate(member: int, members: list[int], kept: int | None, words: Words) -> Fate:
    if member == kept or len(members) == 1:
        return Fate("kept", member, members, words)
    if kept is None:
        # The mean stands where its lowest member stood.
        return Fate("averaged", min(members), members, words)
    return Fate("dropped", kept, members, words)


def moe_layers(report: Json) -> list[Json]:
    return [layer for layer in report["layers"] if layer.get("groups")]
