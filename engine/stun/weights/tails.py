"""The kurtosis of a layer at each step of pruning, with each weight read as rarely as can be.

The sums of single matrices add up to those of a layer, so dropping experts needs no second
look at those that stay.
"""

from stun.errors import NotFiniteError
from stun.families import Family, Linear, Weights
from stun.weights.kurtosis import Moments

MatrixMoments = dict[str, Moments]


def matrix_moments(weights: Weights, linears: list[Linear]) -> MatrixMoments:
    found: MatrixMoments = {}
    for linear in linears:
        found[linear.name] = Moments()
        # As it lies in memory: of a transposed view every sum would make a copy.
        found[linear.name].add(linear.slot.view(weights))
    return found


def moments_of_kept(before: MatrixMoments, family: Family, kept: list[int]) -> MatrixMoments:
    """What matrix_moments would find after experts were dropped and renumbered."""
    found = {name: some for name, some in before.items() if not family.is_expert_part(name)}
    for position, expert in enumerate(kept):
        pairs = zip(family.expert_linears(expert), family.expert_linears(position), strict=True)
        found |= {new.name: before[old.name] for old, new in pairs}
    return found


def kurtosis_of(moments: MatrixMoments) -> float | None:
    try:
        return sum(moments.values(), Moments()).kurtosis()
    except NotFiniteError as error:
        names = [name for name, some in moments.items() if not bool(some.sums.isfinite().all())]
        raise NotFiniteError(names[0]) from error


def zeros_of(moments: MatrixMoments) -> int:
    """Entries that are zero: all but those that add to the sums."""
    return sum(some.entries - int(some.sums[0]) for some in moments.values())
