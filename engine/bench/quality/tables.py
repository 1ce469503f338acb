"""The outcomes as Markdown: losses, gains with errors, who wins where, what was refused."""

from collections.abc import Callable, Sequence

from bench.quality.grid import Outcomes, losses_of, shares_of
from bench.quality.models import Model
from bench.quality.plans import Plan
from bench.quality.statistics import Gain, Losses, best_and_ties, paired_gain

Column = tuple[str, Sequence[Model], float]
NONE = "-"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(target: float) -> str:
    return f"{100 * target:.0f} %"


def shown(gain: Gain) -> str:
    return f"{gain.mean:+.4f} ± {gain.error:.4f} ({gain.better}/{gain.models})"


def grid(
    plans: Sequence[Plan], columns: Sequence[Column], cell: Callable[[Plan, Column], str]
) -> str:
    head = ["plan", *(name for name, _, _ in columns)]
    return table(head, [[plan.name, *(cell(plan, column) for column in columns)] for plan in plans])


def loss_table(outcomes: Outcomes, plans: Sequence[Plan], columns: Sequence[Column]) -> str:
    def cell(plan: Plan, column: Column) -> str:
        losses = losses_of(outcomes, column[1], plan, column[2])
        return NONE if losses is None else f"{losses.mean():.4f}"

    return grid(plans, columns, cell)


def gain_table(
    outcomes: Outcomes, plans: Sequence[Plan], columns: Sequence[Column], baseline: Plan
) -> str:
    def cell(plan: Plan, column: Column) -> str:
        base = losses_of(outcomes, column[1], baseline, column[2])
        losses = losses_of(outcomes, column[1], plan, column[2])
        return NONE if base is None or losses is None else shown(paired_gain(base, losses))

    return grid([plan for plan in plans if plan != baseline], columns, cell)


def share_table(outcomes: Outcomes, plans: Sequence[Plan], columns: Sequence[Column]) -> str:
    """What `Auto` chose, lowest to highest over models and calibration seeds."""

    def cell(plan: Plan, column: Column) -> str:
        if losses_of(outcomes, column[1], plan, column[2]) is None:
            return NONE
        shares = shares_of(outcomes, column[1], plan, column[2])
        return f"{percent(min(shares))} to {percent(max(shares))}"

    return grid([plan for plan in plans if plan.experts and plan.share is None], columns, cell)


def winners(outcomes: Outcomes, plans: Sequence[Plan], columns: Sequence[Column]) -> str:
    lines = []
    for name, models, target in columns:
        found = {plan.name: losses_of(outcomes, models, plan, target) for plan in plans}
        ran: dict[str, Losses] = {key: value for key, value in found.items() if value is not None}
        best, ties = best_and_ties(ran)
        tied = f"; within two standard errors of it: {', '.join(ties)}" if ties else ""
        lines.append(f"- {name}: {best} has the lowest loss{tied}.")
    return "\n".join(lines)


def refusals(outcomes: Outcomes) -> str:
    """Each plan that shows a dash, once for each target, in the engine's own words."""
    said = {
        f"- {cell.plan.name} at {percent(cell.target)}: {outcome.refusal}"
        for cell, outcome in outcomes.items()
        if outcome.refusal
    }
    return "\n".join(sorted(said)) or "None."
