"""Gains with paired errors: two plans read the same sequences, so most noise cancels.

An error here is about the held-out text alone. The few models and calibration seeds are no
sample to take an error from; how many of the models agree is counted instead.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Losses = NDArray[np.float64]
# Two standard errors: what is closer than this is called a tie.
CLEAR = 2.0


@dataclass(frozen=True)
class Gain:
    """Nats per token by which the loss is lower; `better` of `models` have it lower."""

    mean: float
    error: float
    better: int
    models: int

    @property
    def clear(self) -> bool:
        return abs(self.mean) > CLEAR * self.error


def paired_gain(baseline: Losses, other: Losses) -> Gain:
    """Both [models, calibration seeds, sequences], in the same order.

    Models and seeds are averaged sequence by sequence before the error is taken: they read
    the same text, so their losses are no further independent samples of it.
    """
    difference = baseline - other
    sequences = difference.mean(axis=(0, 1))
    error = float(sequences.std(ddof=1)) / math.sqrt(len(sequences))
    by_model = difference.mean(axis=(1, 2))
    return Gain(float(sequences.mean()), error, int((by_model > 0).sum()), len(by_model))


def best_and_ties(losses: Mapping[str, Losses]) -> tuple[str, list[str]]:
    """The plan with the lowest mean loss, and those not clearly behind it, best first."""
    order = sorted(losses, key=lambda name: float(losses[name].mean()))
    best, *others = order
    ties = [name for name in others if not paired_gain(losses[name], losses[best]).clear]
    return best, ties


def choose(gains: Mapping[str, list[Gain]]) -> str | None:
    """The plan of the highest mean gain among those nowhere clearly worse than the baseline.

    `gains` has one gain over the baseline for every target that the plan must serve.
    """
    safe = {
        name: math.fsum(gain.mean for gain in row)
        for name, row in gains.items()
        if not any(gain.mean < 0 and gain.clear for gain in row)
    }
    return max(safe, key=lambda name: safe[name], default=None)
