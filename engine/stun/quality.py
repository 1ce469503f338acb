"""Perplexity before and after on the same tokens, and whether the increase is acceptable."""

import math
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import torch

from stun.errors import StunError
from stun.figures import apart, beside

# One-sided: the gate asks only how bad the increase may really be.
Z95 = NormalDist().inv_cdf(0.95)
# Nats a token, beyond which a float64 has no perplexity: a ruined model is refused, no crash.
MOST_NATS = 700.0


@dataclass(frozen=True)
class PerplexityChange:
    before: float
    after: float
    increase: float
    upper_bound: float
    tokens: int


def perplexity(losses: torch.Tensor, length: int) -> float:
    """From the summed losses of sequences that score `length` - 1 tokens each."""
    return math.exp(min(float(losses.mean()) / (length - 1), MOST_NATS))


def compare(before: torch.Tensor, after: torch.Tensor, length: int) -> PerplexityChange:
    """The paired difference: both models read the same sequences, so most noise cancels.

    The bound is 1.645 standard errors of the mean difference above it, taken on the
    logarithm, where the relative increase of perplexity is a difference of means.
    """
    if not bool((before + after).isfinite().all()):
        raise StunError(
            "ModelCorrupt",
            "The model's loss on the quality data is no number; copy the model again from its "
            "source.",
        )
    scored = length - 1
    difference = (after - before) / scored
    error = float(difference.std(correction=1)) / math.sqrt(len(difference))
    mean = float(difference.mean())
    return PerplexityChange(
        before=perplexity(before, length),
        after=perplexity(after, length),
        increase=math.expm1(min(mean, MOST_NATS)),
        upper_bound=math.expm1(min(mean + Z95 * error, MOST_NATS)),
        tokens=len(difference) * scored,
    )


def accepted(change: dict[str, Any], most: float | None) -> bool:
    return most is None or bool(change["upperBound"] <= most)


def as_json(change: PerplexityChange, most: float | None) -> dict[str, Any]:
    values = asdict(change)
    values["upperBound"] = values.pop("upper_bound")
    return {**values, "accepted": accepted(values, most)}


def check_accepted(change: dict[str, Any], most: float | None) -> None:
    if most is not None and not accepted(change, most):
        before, after = apart(change["before"], change["after"])
        raise StunError(
            "QualityRefused",
            f"Perplexity goes from {before} to {after}; the 95 % bound of the increase is "
            f"{beside(change['upperBound'], most)}, above maxIncrease {most:g}. "
            "Remove fewer experts or weights, or raise quality.perplexity.maxIncrease.",
        )
