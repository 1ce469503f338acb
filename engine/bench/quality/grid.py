"""Which runs there are, run side by side, and their outcomes as arrays."""

import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import torch

from bench.quality.models import Model
from bench.quality.plans import CALIBRATION_SEEDS, Plan
from bench.quality.running import Cell, Outcome, dense, run
from bench.quality.statistics import Losses

Outcomes = dict[Cell, Outcome]


def cells(models: Iterable[Model], plans: Iterable[Plan], targets: Iterable[float]) -> list[Cell]:
    """Each run once: what calibration cannot change is run with its first seed only."""
    return [
        Cell(model, plan, target, seed)
        for model in models
        for plan in plans
        for target in targets
        for seed in (CALIBRATION_SEEDS if plan.calibrated else CALIBRATION_SEEDS[:1])
    ]


def quiet() -> None:
    """The engine's progress is not the bench's; one thread, since a run is many small products."""
    torch.set_num_threads(1)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.dup2(sink, sys.stderr.fileno())


def run_all(wanted: Sequence[Cell], jobs: int) -> Outcomes:
    outcomes: Outcomes = {}
    # Not forked: a fork inherits torch's thread pool in a state that can hang.
    with ProcessPoolExecutor(jobs, get_context("spawn"), quiet) as pool:
        for cell, outcome in zip(wanted, pool.map(run, wanted), strict=True):
            outcomes[cell] = outcome
            if len(outcomes) % 20 == 0 or len(outcomes) == len(wanted):
                print(f"{len(outcomes)} of {len(wanted)} runs", file=sys.stderr, flush=True)
    return outcomes


def losses_of(
    outcomes: Outcomes, models: Sequence[Model], plan: Plan, target: float
) -> Losses | None:
    """[models, calibration seeds, sequences], or None where the engine refused any of them."""
    seeds = CALIBRATION_SEEDS if plan.calibrated else CALIBRATION_SEEDS[:1] * 3
    rows = [[outcomes[Cell(model, plan, target, seed)] for seed in seeds] for model in models]
    if any(outcome.refusal for row in rows for outcome in row):
        return None
    return np.array([[outcome.losses for outcome in row] for row in rows])


def dense_losses(models: Sequence[Model]) -> Losses:
    """[models, 1, sequences]"""
    return np.array([[dense(model).losses] for model in models])


def shares_of(
    outcomes: Outcomes, models: Sequence[Model], plan: Plan, target: float
) -> list[float]:
    """The share of experts each run removed; what `Auto` chose is only known from here."""
    found = [outcomes[cell] for cell in cells(models, [plan], [target])]
    pairs = zip(cells(models, [plan], [target]), found, strict=True)
    return [1 - outcome.experts / cell.model.experts for cell, outcome in pairs]
