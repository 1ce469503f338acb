"""Contribution-weighted medoids: redundancy of router rows joined with what experts add.

Keeps the set S that makes the sum over experts e of contribution(e) * distance(e, nearest of S)
small: an expert may go if it adds little, or if another one that is much like it stays.
"""

import numpy as np
from numpy.typing import NDArray

from stun.experts.distance import router_distance
from stun.experts.evidence import Evidence
from stun.experts.grouping import Group, join_nearest
from stun.experts.settings import Settings

Floats = NDArray[np.float64]


def choose(evidence: Evidence, keep: int, settings: Settings) -> list[Group]:
    contribution = evidence.gathered("contribution").double().numpy()
    distance = router_distance(evidence.rows).numpy()
    return join_nearest(evidence, backward_greedy(distance, contribution, keep))


def backward_greedy(distance: Floats, weight: Floats, keep: int) -> list[int]:
    """Removes, one by one, the medoid whose loss costs least; of equal ones the highest id.

    distance [E, E], weight [E]. Removing s moves the experts nearest to s to their second
    nearest, so a step costs O(E) and a new search in the few rows that s was first or second of.
    """
    left, rows = distance.copy(), np.arange(len(weight))
    first, second = rows.copy(), rows.copy()
    stale = rows
    for _ in range(len(weight) - keep):
        first[stale], second[stale] = two_nearest(left[stale])
        cost = np.bincount(
            first,
            weights=weight * (left[rows, second] - left[rows, first]),
            minlength=len(rows),
        )
        cost[np.isinf(left[0])] = np.inf
        removed = len(rows) - 1 - int(cost[::-1].argmin())
        left[:, removed] = np.inf
        stale = rows[(first == removed) | (second == removed)]
    return [int(expert) for expert in rows[np.isfinite(left[0])]]


def two_nearest(left: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The columns of each row's smallest and second smallest value, ties to the lower."""
    others, rows = left.copy(), np.arange(len(left))
    first = others.argmin(axis=1)
    others[rows, first] = np.inf
    return first, others.argmin(axis=1)
