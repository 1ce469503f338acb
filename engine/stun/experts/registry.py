"""Every expert pruning method by its name in the recipe. A new one is a file and a row here."""

from collections.abc import Callable
from dataclasses import dataclass

from stun.experts import (
    combinatorial,
    contribution,
    frequency,
    medoids,
    random,
    reap,
    stun,
)
from stun.experts.evidence import Evidence, Need
from stun.experts.grouping import Group
from stun.experts.settings import Settings

Method = Callable[[Evidence, int, Settings], list[Group]]
Together = Callable[[list[Evidence], int, Settings], list[list[Group]]]


@dataclass(frozen=True)
class MethodRow:
    """`choose` gives exactly so many groups, ordered by their lowest member; every expert is in
    one of them."""

    choose: Method
    needs: frozenset[Need] = frozenset()
    together: Together | None = None  # for a choice that looks at all layers


METHODS: dict[str, MethodRow] = {
    "STUN": MethodRow(stun.choose, together=stun.choose_together),
    "REAP": MethodRow(reap.choose, frozenset({"tokens", "contribution"})),
    "Contribution": MethodRow(contribution.choose, frozenset({"contribution"})),
    "Medoids": MethodRow(medoids.choose, frozenset({"contribution"})),
    "Frequency": MethodRow(frequency.choose, frozenset({"tokens"})),
    "Random": MethodRow(random.choose),
    "Combinatorial": MethodRow(combinatorial.choose, frozenset({"losses"})),
}


def needed(method: str, settings: Settings) -> frozenset[Need]:
    """What a calibration pass has to gather; nothing where the router rows are enough."""
    if method == "STUN" and settings.coactivation:
        return frozenset({"coactivation"})
    return METHODS[method].needs


def group_layers(
    evidences: list[Evidence], keep: int, settings: Settings, method: str
) -> list[list[Group]]:
    """The groups of each layer, in the order of `evidences`."""
    row = METHODS[method]
    if row.together:
        return row.together(evidences, keep, settings)
    return [row.choose(evidence, keep, settings) for evidence in evidences]
