"""The gate at the endpoint: two served models answer the same questions, one after the other.

Both are asked by the same client in the same way, and the decision is that of the streamed
gate: on the 95 % bound of the paired difference.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from stun.endpoint.asking import ask_task
from stun.endpoint.served import ServedModel
from stun.errors import StunError
from stun.recipe import TaskRecipe
from stun.tasks.chance import check_enough, check_informative
from stun.tasks.judging import check_retained, retention
from stun.tasks.presets import GENERATED, PRESETS
from stun.tasks.question import Question
from stun.tasks.reading import read_questions

# Of the harness's two readings of a sum the last number written counts: the other one asks for
# "####" before it, which a model that was trained for chat does not write.
WRITTEN_SUM = "exact_match,flexible-extract"
WRITTEN_LETTER = "exact_match,letter"


def deciding(name: str, likelihoods: bool) -> str:
    """The metric that counts."""
    if name in GENERATED:
        return WRITTEN_SUM
    return PRESETS[name].metric if likelihoods else WRITTEN_LETTER


def compare_endpoints(
    baseline: str, candidate: str, tasks: Sequence[TaskRecipe]
) -> list[dict[str, Any]]:
    """The report's entry of each task; raises where the candidate is refused."""
    questions = [questions_of(task) for task in tasks]
    dense, pruned = ServedModel(baseline), ServedModel(candidate)
    likelihoods = dense.tells_likelihoods() and pruned.tells_likelihoods()
    judged = [
        compare(task, asked, (dense, pruned), likelihoods)
        for task, asked in zip(tasks, questions, strict=True)
    ]
    check_retained(tasks, judged)
    return judged


def questions_of(task: TaskRecipe) -> list[Question]:
    """Of a task with choices, read before a server is asked anything; of others none."""
    if task.name in GENERATED:
        return []
    found = read_questions(task.name, task.uri)
    check_enough(task.name, task.uri, found)
    return found


def compare(
    task: TaskRecipe,
    questions: list[Question],
    models: tuple[ServedModel, ServedModel],
    likelihoods: bool,
) -> dict[str, Any]:
    metric = deciding(task.name, likelihoods)
    before, after = (
        rights(ask_task(task.name, task.uri, model, likelihoods)[metric]) for model in models
    )
    check_dense(task.name, questions, before)
    return {"name": task.name, "metric": metric, **retention(before, after, task.min_retained)}


def rights(scores: list[float]) -> Tensor:
    """[questions] whether the answer is right."""
    return torch.tensor(scores) > 0.5


def check_dense(name: str, questions: list[Question], before: Tensor) -> None:
    if questions:
        check_informative(name, questions, float(before.double().mean()))
    elif not bool(before.any()):
        raise StunError(
            "QualityDataInvalid",
            f"The model answers none of the {len(before)} questions of {name} before pruning, so "
            "the task cannot tell what pruning costs; give another task.",
        )
