"""Tasks asked of a served model by lm-evaluation-harness, as a library."""

import logging
from collections.abc import Sequence
from typing import Any

import aiohttp
import lm_eval
import requests
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks import TaskManager

from stun.endpoint.harness import harness_task, harness_tasks, written_task
from stun.endpoint.letters import CONFIG, written
from stun.endpoint.served import ServedModel, unavailable
from stun.errors import StunError
from stun.tasks.judging import score
from stun.tasks.presets import GENERATED
from stun.tasks.question import Line
from stun.tasks.reading import checked, read_asked

# The harness shows five solved problems of another split before each; a file has but one.
EXAMPLES = 5


def solved(line: Line) -> None:
    line.text("question")
    line.text("answer")


def generated_task(name: str, uri: str) -> ConfigurableTask:
    """The first lines are the examples, the others are asked."""
    lines = [line.fields for line, _ in checked(name, uri, solved)]
    if len(lines) <= EXAMPLES:
        raise StunError(
            "QualityDataInvalid",
            f"{uri} has {len(lines)} lines; the first {EXAMPLES} are shown as examples, so give "
            "more than that.",
        )
    return written_task(name, lines[EXAMPLES:], lines[:EXAMPLES])


def tasks_of(name: str, uri: str, model: ServedModel) -> list[ConfigurableTask]:
    if name in GENERATED:
        return [generated_task(name, uri)]
    asked = read_asked(name, uri)
    if model.tells_likelihoods():
        return harness_tasks(name, [line.fields for line, _ in asked])
    lines = [written(question) for _, question in asked]
    return [harness_task({**CONFIG, "task": name}, lines, lines)]


def scores(name: str, samples: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A score for each way of reading the answers that the harness has for the task."""
    found: dict[str, list[float]] = {}
    for sample in samples:
        for metric in sample["metrics"]:
            read = "" if sample["filter"] == "none" else f",{sample['filter']}"
            found.setdefault(metric + read, []).append(float(sample[metric]))
    return [
        {
            "name": name,
            "metric": metric,
            "questions": len(each),
            **score(each),
        }
        for metric, each in found.items()
    ]


def ask_endpoint(url: str, tasks: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The scores of a served model on (name, URI) tasks.

    metric is the harness's own name of the score: acc and acc_norm by log-likelihoods,
    "exact_match,..." by what the model writes.
    """
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    try:
        model = ServedModel(url)
        return [row for name, uri in tasks for row in ask_task(name, uri, model)]
    except (requests.RequestException, aiohttp.ClientError, TimeoutError) as problem:
        raise unavailable(url, problem) from problem


def ask_task(name: str, uri: str, model: ServedModel) -> list[dict[str, Any]]:
    found = lm_eval.simple_evaluate(
        model,
        tasks=tasks_of(name, uri, model),
        task_manager=TaskManager(include_defaults=False),
        bootstrap_iters=0,
    )
    samples = [sample for part in found["samples"].values() for sample in part]
    return scores(name, samples)
