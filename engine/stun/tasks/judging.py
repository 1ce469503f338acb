"""From log-likelihoods to scores before and after, and whether enough of them is retained."""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from stun.errors import StunError
from stun.figures import apart, beside
from stun.quality import Z95
from stun.tasks.chance import check_informative
from stun.tasks.planning import Key, TaskKey
from stun.tasks.question import Question


def by_request(key: Key, sums: Sequence[Tensor]) -> Tensor:
    """Log-likelihoods [requests] in the order of the questions, from those of each Scored."""
    found = torch.cat(list(sums)).to(torch.float64)
    if not bool(found.isfinite().all()):
        raise StunError(
            "ModelCorrupt",
            "The model's log-likelihood of a task's answer is no number; copy the model again "
            "from its source.",
        )
    ordered = torch.empty_like(found)
    ordered[torch.cat(key.places)] = found
    return ordered


def is_correct(question: Question, likelihoods: Tensor, normed: bool) -> bool:
    """Whether the likeliest choice is the right one; of equal ones the first is chosen."""
    lengths = torch.tensor(question.lengths, dtype=torch.float64)
    return int((likelihoods / lengths if normed else likelihoods).argmax()) == question.gold


def corrects(key: Key, sums: Sequence[Tensor]) -> list[Tensor]:
    """For each task, [questions] whether the answer is right."""
    rest, found = by_request(key, sums), []
    for task in key.tasks:
        right = []
        for question in task.questions:
            count = len(question.requests)
            right.append(is_correct(question, rest[:count], task.metric == "acc_norm"))
            rest = rest[count:]
        found.append(torch.tensor(right))
    return found


def least_change(before: Tensor, after: Tensor) -> float:
    """The one-sided 95 % bound below the change of the score, the same questions asked twice.

    Bonett and Price's adjusted interval for paired proportions (2012): one question is added
    to those that became wrong and one to those that became right, so that a file without
    either does not prove that nothing changed.
    """
    total = len(before) + 2
    lost = (int((before & ~after).sum()) + 1) / total
    gained = (int((after & ~before).sum()) + 1) / total
    change = gained - lost
    return change - Z95 * math.sqrt((lost + gained - change**2) / total)


def is_retained(bound: float, least: float | None) -> bool:
    return least is None or bound >= least


def retention(before: Tensor, after: Tensor, least: float | None) -> dict[str, Any]:
    """What remains of a score above zero, from [questions] whether each answer is right."""
    dense, pruned = (float(right.double().mean()) for right in (before, after))
    bound = (dense + least_change(before, after)) / dense
    return {
        "questions": len(before),
        "before": dense,
        "after": pruned,
        "retained": pruned / dense,
        "lowerBound": bound,
        "accepted": is_retained(bound, least),
    }


def judge(task: TaskKey, before: Tensor, after: Tensor) -> dict[str, Any]:
    check_informative(task.name, task.questions, float(before.double().mean()))
    return {
        "name": task.name,
        "metric": task.metric,
        **retention(before, after, task.min_retained),
    }


def judge_tasks(
    key: Key, before: Sequence[Tensor], after: Sequence[Tensor]
) -> list[dict[str, Any]]:
    """The report's entry of each task, from the sums of log-likelihoods [N] of each Scored."""
    pairs = zip(key.tasks, corrects(key, before), corrects(key, after), strict=True)
    return [judge(task, dense, pruned) for task, dense, pruned in pairs]


def score(right: Sequence[float]) -> dict[str, float | None]:
    """The share of right (1) answers and its standard error, which a single answer has not."""
    share = sum(right) / len(right)
    error = math.sqrt(share * (1 - share) / (len(right) - 1)) if len(right) > 1 else None
    return {"score": share, "standardError": error}


def score_tasks(key: Key, sums: Sequence[Tensor]) -> list[dict[str, Any]]:
    """The score of each task for one model alone."""
    return [
        {
            "name": task.name,
            "metric": task.metric,
            "questions": len(task.questions),
            **score(right.double().tolist()),
        }
        for task, right in zip(key.tasks, corrects(key, sums), strict=True)
    ]


def mean_score(judged: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Every task counts alike, however many questions it has."""
    return {
        when: sum(float(task[when]) for task in judged) / len(judged)
        for when in ("before", "after")
    }


class Limited(Protocol):
    """A task with its limit, in a recipe or in a key."""

    @property
    def name(self) -> str: ...

    @property
    def min_retained(self) -> float | None: ...


def check_retained(tasks: Sequence[Limited], judged: Sequence[dict[str, Any]]) -> None:
    for task, found in zip(tasks, judged, strict=True):
        if task.min_retained is not None and not found["accepted"]:
            before, after = apart(found["before"], found["after"])
            bound = beside(found["lowerBound"], task.min_retained)
            raise StunError(
                "QualityRefused",
                f"The score on {task.name} goes from {before} to {after}; the 95 % bound of what "
                f"is retained is {bound}, below minRetained {task.min_retained:g}. Remove fewer "
                "experts or weights, or lower minRetained.",
            )
