"""The search over all kept sets of Lu et al. (2024), for layers of few experts.

A set's loss is the squared error of the block's output on calibration tokens, with the router's
weights as they are when only the set is left. It needs no forward pass per set: see output_error.
"""

from itertools import combinations

import torch

from stun.errors import StunError
from stun.experts.evidence import Evidence
from stun.experts.grouping import Group, join_nearest
from stun.experts.settings import Settings

MOST_EXPERTS = 8  # 70 sets; of 16 experts there would be 12,870


def choose(evidence: Evidence, keep: int, settings: Settings) -> list[Group]:
    """The set with the lowest loss; of equal ones the first in lexicographic order."""
    candidates = kept_sets(evidence.experts, keep)
    if evidence.losses is None:
        raise StunError(
            "RecipeInvalid",
            f"The method Combinatorial needs the losses of layer {evidence.layer}, which only a "
            "calibration pass gathers; give calibration.uri.",
        )
    best = min(candidates, key=evidence.losses.__getitem__)
    return join_nearest(evidence, best)


def kept_sets(experts: int, keep: int) -> list[tuple[int, ...]]:
    """Every set that may be kept, ascending ids, in lexicographic order."""
    if experts > MOST_EXPERTS:
        raise StunError(
            "RecipeInvalid",
            f"The method Combinatorial tries every set of experts, so it takes at most "
            f"{MOST_EXPERTS} a layer and the model has {experts}; choose Medoids or REAP in "
            "pruning.experts.method.",
        )
    return list(combinations(range(experts), keep))


def output_error(gram: torch.Tensor, full: torch.Tensor, subset: torch.Tensor) -> float:
    """Summed over tokens: ||block output of all experts - of a subset||², exact, in float64.

    gram [T, E, E]: inner products of all experts' unweighted outputs for each token.
    full, subset [T, E]: the weight of each expert's output, 0 where it is not chosen.
    With d = full - subset a token's error is dᵀ·gram·d; what all sets share, such as a shared
    expert, cancels.
    """
    change = (full.double() - subset.double()).unsqueeze(2)
    return float((change.transpose(1, 2) @ gram.double() @ change).sum())
