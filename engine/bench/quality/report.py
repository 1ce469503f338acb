"""The whole report: which tables stand in it, in which order, under which words."""

from collections.abc import Sequence
from typing import Any

from bench.quality import tables
from bench.quality.grid import Outcomes, dense_losses, losses_of
from bench.quality.models import AXIS, CHOICE, REPORT, Model
from bench.quality.plans import (
    AXIS_PLANS,
    AXIS_TARGET,
    METHODS,
    PAPER,
    PLANS,
    SPLITS,
    TARGETS,
    UNSTRUCTURED,
)
from bench.quality.statistics import Gain, choose, paired_gain

UNSEEN = [(tables.percent(target), REPORT, target) for target in TARGETS]
CHOSEN_ON = [(tables.percent(target), CHOICE, target) for target in TARGETS]
EXPERTS = [(f"{model.experts} experts", (model,), AXIS_TARGET) for model in AXIS]


def gains_over_paper(outcomes: Outcomes, models: Sequence[Model]) -> dict[str, list[Gain]]:
    """Of the plans that the engine ran at every target where the paper's recipe runs."""
    gains: dict[str, list[Gain]] = {}
    bases = {target: losses_of(outcomes, models, PAPER, target) for target in TARGETS}
    for plan in PLANS:
        found = [
            (base, losses_of(outcomes, models, plan, target))
            for target, base in bases.items()
            if base is not None
        ]
        row = [paired_gain(base, losses) for base, losses in found if losses is not None]
        if plan != PAPER and len(row) == len(found):
            gains[plan.name] = row
    return gains


def default_section(outcomes: Outcomes) -> str:
    chosen = choose(gains_over_paper(outcomes, CHOICE))
    if chosen is None:
        return "No plan is nowhere worse than the paper's recipe on the choice models."
    plan = next(plan for plan in PLANS if plan.name == chosen)
    held = tables.gain_table(outcomes, [plan], UNSEEN, PAPER)
    return f"Chosen on seeds 0 and 1: **{chosen}**. On the unseen seeds:\n\n{held}"


def markdown(outcomes: Outcomes) -> str:
    dense = ", ".join(f"{model.name} {dense_losses([model]).mean():.4f}" for model in models())
    sections = [
        ("Dense loss, nats per token", dense),
        ("Loss on unseen models", tables.loss_table(outcomes, METHODS, UNSEEN)),
        (
            "Gain over OWL alone on unseen models",
            tables.gain_table(outcomes, METHODS, UNSEEN, UNSTRUCTURED),
        ),
        ("Division into experts and weights", tables.loss_table(outcomes, SPLITS, UNSEEN)),
        ("Shares that Auto chose", tables.share_table(outcomes, SPLITS, UNSEEN)),
        ("Where each wins, unseen models", tables.winners(outcomes, PLANS, UNSEEN[1:])),
        (
            "Gain over the paper's recipe on the choice models",
            tables.gain_table(outcomes, PLANS, CHOSEN_ON, PAPER),
        ),
        (
            "Gain over the paper's recipe on unseen models",
            tables.gain_table(outcomes, PLANS, UNSEEN, PAPER),
        ),
        ("The default", default_section(outcomes)),
        ("Expert count, 65 %", tables.loss_table(outcomes, AXIS_PLANS, EXPERTS)),
        (
            "Expert count: gain over OWL alone",
            tables.gain_table(outcomes, AXIS_PLANS, EXPERTS, UNSTRUCTURED),
        ),
        ("Where each wins, expert counts", tables.winners(outcomes, AXIS_PLANS, EXPERTS)),
        ("Refused by the engine", tables.refusals(outcomes)),
    ]
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in sections) + "\n"


def models() -> list[Model]:
    return list(dict.fromkeys((*CHOICE, *REPORT, *AXIS)))


def rows(outcomes: Outcomes) -> list[dict[str, Any]]:
    """Every run for the JSON file."""
    return [
        {
            "model": cell.model.name,
            "plan": cell.plan.name,
            "target": cell.target,
            "calibrationSeed": cell.seed,
            "sparsity": outcome.sparsity,
            "experts": outcome.experts,
            "refusal": outcome.refusal,
            "losses": outcome.losses,
        }
        for cell, outcome in outcomes.items()
    ]
