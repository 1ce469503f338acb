"""How the page speaks of a dropped expert and a kept one, by the method that chose between them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """`number` says what the number in a cell is; the others are filled in for each expert."""

    title: str
    number: str
    kept: str
    dropped: str
    group: str
    groups: str


GROUPED = Words(
    title="Kept and merged experts",
    number="The number in a cell is the expert that stands for it there",
    kept="kept for {others} more",
    dropped="dropped, group of expert {into}",
    group="{kept} for {others}",
    groups="Groups of more than one",
)
# Chosen by what it is itself: that it is also nearest to a dropped one played no part.
NEAREST = Words(
    title="Kept and dropped experts",
    number="The number in a cell is the kept expert with the nearest router row, which was not "
    "kept for that and takes nothing over",
    kept="kept, the nearest to {others} dropped",
    dropped="dropped, nearest kept expert {into}",
    group="{kept} nearest to {others}",
    groups="Kept experts and the dropped ones nearest to them",
)
WORDS = {
    "STUN": GROUPED,
    "Medoids": GROUPED,
    "REAP": NEAREST,
    "Contribution": NEAREST,
    "Frequency": NEAREST,
    "Random": NEAREST,
    "Combinatorial": NEAREST,
}


def words_of(method: str) -> Words:
    """A method of another release than this page's may have any name."""
    return WORDS.get(method, GROUPED)
