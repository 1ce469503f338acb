"""Tasks asked of a served model by lm-evaluation-harness, as a library."""

import logging
from collections.abc import Sequence
from typing import Any

import lm_eval
from lm_eval.api.task import ConfigurableTask
from lm_eval.tasks import TaskManager

from stun.endpoint.harness import harness_task, harness_tasks, written_task
from stun.endpoint.letters import CONFIG, written
from stun.endpoint.problems import asking
from stun.endpoint.served import ServedModel
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


def tasks_of(name: str, uri: str, likelihoods: bool) -> list[ConfigurableTask]:
    """Choices are asked by their log-likelihoods, or in writing where a server tells none."""
    if name in GENERATED:
        return [generated_task(name, uri)]
    asked = read_asked(name, uri)
    if likelihoods:
        return harness_tasks(name, [line.fields for line, _ in asked])
    lines = [written(question) for _, question in asked]
    return [harness_task({**CONFIG, "task": name}, lines, lines)]


Answers = dict[str, list[float]]


def ask_task(name: str, uri: str, model: ServedModel, likelihoods: bool) -> Answers:
    """By each way of reading the answers that the harness has: a score of every question, in the
    order of the file, or of MMLU by subjects.
    """
    logging.getLogger("lm_eval").setLevel(logging.ERROR)
    with asking(model.url):
        found = lm_eval.simple_evaluate(
            model,
            tasks=tasks_of(name, uri, likelihoods),
            task_manager=TaskManager(include_defaults=False),
            bootstrap_iters=0,
        )
    answers: Answers = {}
    for _, part in sorted(found["samples"].items()):
        for sample in sorted(part, key=lambda sample: int(sample["doc_id"])):
            for metric in sample["metrics"]:
                read = "" if sample["filter"] == "none" else f",{sample['filter']}"
                answers.setdefault(metric + read, []).append(float(sample[metric]))
    return answers


def ask_endpoint(url: str, tasks: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """The scores of a served model on (name, URI) tasks.

    metric is the harness's own name of the score: acc and acc_norm by log-likelihoods,
    "exact_match,..." by what the model writes.
    """
    model = ServedModel(url)
    likelihoods = model.tells_likelihoods()
    return [
        {"name": name, "metric": metric, "questions": len(each), **score(each)}
        for name, uri in tasks
        for metric, each in ask_task(name, uri, model, likelihoods).items()
    ]
