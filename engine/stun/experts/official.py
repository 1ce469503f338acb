"""The linkage of the published STUN code, which is not complete linkage.

It walks through the pairs of experts from the nearest on. A pair (u, v) of two clusters joins
them if v is near enough to all of u's cluster and u to all of v's; pairs of which neither end is
u or v are not looked at. A pair that does not join is refused for good, and blocks every later
join that would look at it. Ties: the pair with the lowest ids first.

Two facts make the exact search for a threshold fast:
- A pair between two clusters that was passed by has been refused. So (u, v) joins exactly if it
  comes first of all pairs that it looks at and the farthest of them is within the threshold:
  the clusters are the whole state.
- Runs with two thresholds are equal up to the first pair whose farthest lies between them. So
  all thresholds are run at once, as a tree that branches there.
The number of clusters does NOT fall steadily with the threshold (a wider one may join a pair
that blocks others), so bisection could miss the smallest; the tree looks at all, in order.
At the largest distance nothing is ever refused: every number of clusters is reached there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SAME_CLUSTER = -1


@dataclass(frozen=True)
class Reached:
    """The smallest threshold (distances up to and including it count as near), its clusters."""

    threshold: float
    clusters: list[list[int]]


@dataclass(frozen=True)
class Pairs:
    """The pairs u < v in the order of the walk."""

    low: Ints
    high: Ints

    @staticmethod
    def nearest_first(distance: Floats) -> "Pairs":
        low, high = np.triu_indices(len(distance), 1)
        order = np.argsort(distance[low, high], kind="stable")
        return Pairs(low[order], high[order])


@dataclass(frozen=True)
class State:
    """A point of the walk. farthest, first [E, E]: over x of u's cluster, of the pairs (x, v)."""

    farthest: Floats  # the greatest distance
    first: Ints  # the lowest place in the walk; SAME_CLUSTER where v is of u's cluster

    def join(self, u: int, v: int) -> "State":
        farthest, first = self.farthest.copy(), self.first.copy()
        union = (first[u] == SAME_CLUSTER) | (first[v] == SAME_CLUSTER)
        farthest[union] = np.maximum(farthest[u], farthest[v])
        first[union] = np.minimum(first[u], first[v])
        return State(farthest, first)

    def clusters(self) -> list[list[int]]:
        same = self.first == SAME_CLUSTER
        lowest = np.unique(same.argmax(axis=1))
        return [[int(member) for member in np.flatnonzero(same[row])] for row in lowest]


@dataclass(frozen=True)
class Branch:
    """Thresholds floor <= t < ceiling, for which `joins` pairs joined, the last one at `place`."""

    floor: float
    ceiling: float
    joins: int
    place: int
    ahead: Ints  # places after it whose pairs may still join
    before: State  # that pair joins it when the branch is taken: many never are


def smallest_threshold(distance: Floats, clusters: int, at_least: float = -np.inf) -> Reached:
    """The smallest threshold from `at_least` on that leaves so many clusters; [E, E] distances.

    The walk ends when the number is reached. Candidates are the layer's own distances and
    `at_least`.
    """
    pairs = Pairs.nearest_first(distance)
    places = np.arange(len(pairs.low))
    branches = [Branch(at_least, np.inf, 0, -1, places, start(distance, pairs))]
    while True:
        branch = branches.pop()
        state = branch.before
        if branch.joins:
            state = state.join(int(pairs.low[branch.place]), int(pairs.high[branch.place]))
        if branch.joins == len(distance) - clusters:
            return Reached(branch.floor, state.clusters())
        branches += split(branch, state, pairs)


def start(distance: Floats, pairs: Pairs) -> State:
    upper = np.triu(distance, 1)
    first = np.full(distance.shape, SAME_CLUSTER, dtype=np.int64)
    first[pairs.low, pairs.high] = first[pairs.high, pairs.low] = np.arange(len(pairs.low))
    return State(upper + upper.T, first)


def split(branch: Branch, state: State, pairs: Pairs) -> list[Branch]:
    """One branch for each next join that some threshold leads to, the smallest thresholds last.

    A pair is the next to join for the thresholds that admit it and none of the pairs before it.
    Thresholds below all of these admit nothing more: they never reach the number.
    """
    ahead, farthest = next_joins(branch, state, pairs)
    ceilings = np.minimum.accumulate(np.concatenate(([branch.ceiling], farthest[:-1])))
    branches = []
    for index in np.flatnonzero((farthest < ceilings) & (ceilings > branch.floor)):
        floor, ceiling = max(branch.floor, float(farthest[index])), float(ceilings[index])
        place, rest = int(ahead[index]), ahead[index + 1 :]
        branches.append(Branch(floor, ceiling, branch.joins + 1, place, rest, state))
    return branches


def next_joins(branch: Branch, state: State, pairs: Pairs) -> tuple[Ints, Floats]:
    """The places of the pairs that may still join, and the farthest that each looks at.

    Clusters only grow, so what is blocked or too far now stays so in every later branch.
    """
    low, high = pairs.low[branch.ahead], pairs.high[branch.ahead]
    first = np.minimum(state.first[low, high], state.first[high, low])
    farthest = np.maximum(state.farthest[low, high], state.farthest[high, low])
    may = (first == branch.ahead) & (farthest < branch.ceiling)
    return branch.ahead[may], farthest[may]
