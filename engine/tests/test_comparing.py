"""The gate at the endpoint: two servers asked the same, and what of the score must remain."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from stun.endpoint.comparing import compare_endpoints
from stun.errors import StunError
from stun.recipe import TaskRecipe
from tests.conftest import Outcome, Stun
from tests.questions import lines_of, write_lines
from tests.serving import Answer, http_serving

EXAMPLES = 5


def sums(count: int) -> list[dict[str, Any]]:
    """Examples first; the answer of each question is its number."""
    return [
        {"question": f"What is {number}?", "answer": f"#### {number}"}
        for number in range(100, 100 + EXAMPLES + count)
    ]


def gsm8k(folder: Path, count: int, least: float | None) -> TaskRecipe:
    return TaskRecipe("gsm8k", str(write_lines(folder / "gsm8k.jsonl", sums(count))), least)


def knowing(right: int) -> Answer:
    """A server that is right about the first so many questions."""

    def answer(path: str, body: dict[str, Any]) -> Any:
        if path.endswith("/models"):
            return {"data": [{"id": "m"}]}
        if body.get("echo"):
            return {"choices": [{"index": 0, "text": ""}]}
        asked = int(re.findall(r"What is (\d+)\?", body["prompt"])[-1])
        said = asked if asked < 100 + EXAMPLES + right else 0
        return {"choices": [{"index": 0, "text": f" It is {said}."}]}

    return answer


@contextmanager
def served(*answers: Answer) -> Iterator[list[str]]:
    with ExitStack() as stack:
        yield [stack.enter_context(http_serving(answer)) for answer in answers]


def saying(words: str) -> pytest.RaisesExc[StunError]:
    return pytest.raises(StunError, match=words)


# By hand, of 98 questions, to which Bonett and Price add two: with l lost and g gained the
# bound is 1 + (g - l)/100 - 1.644854 * sqrt(((l + g + 2)/100 - ((g - l)/100)^2)/100), as share
# of a dense score of 1.
RETAINED = [
    ("nothing lost", 98, 98, 1.0, 1 - 0.1644854 * 0.02**0.5),
    ("two lost", 98, 96, 96 / 98, 1 - 0.02 - 0.1644854 * (0.04 - 0.02**2) ** 0.5),
    ("half of what was known", 98, 49, 0.5, 1 - 0.49 - 0.1644854 * (0.51 - 0.49**2) ** 0.5),
]


@pytest.mark.parametrize(("case", "before", "after", "retained", "bound"), RETAINED)
def test_what_is_retained(
    tmp_path: Path, case: str, before: int, after: int, retained: float, bound: float
) -> None:
    with served(knowing(before), knowing(after)) as (dense, pruned):
        (found,) = compare_endpoints(dense, pruned, [gsm8k(tmp_path, 98, None)])
    assert found == {
        "name": "gsm8k",
        "metric": "exact_match,flexible-extract",
        "questions": 98,
        "before": before / 98,
        "after": after / 98,
        "retained": pytest.approx(retained),
        "lowerBound": pytest.approx(bound, abs=1e-6),
        "accepted": True,
    }, case


def compared(stun: Stun, pruned: str, dense: str, task: TaskRecipe) -> Outcome:
    asked = {"name": task.name, "uri": task.uri, "minRetained": task.min_retained}
    recipe = {"pruning": {"experts": {"ratio": 0.5}}, "quality": {"endpoint": {"tasks": [asked]}}}
    return stun("evaluate", recipe, endpoint=pruned, **{"baseline-endpoint": dense})


def test_the_command_accepts_and_leaves_its_message(stun: Stun, tmp_path: Path) -> None:
    with served(knowing(98), knowing(98)) as (dense, pruned):
        outcome = compared(stun, pruned, dense, gsm8k(tmp_path, 98, 0.9))
    assert outcome.code == 0
    assert (outcome.answer["uri"], outcome.answer["baseline"]) == (pruned, dense)
    assert outcome.termination == {"kind": "Evaluation", "tasks": outcome.answer["tasks"]}
    assert outcome.answer["tasks"][0]["accepted"] is True


def test_the_command_refuses_with_the_scores(stun: Stun, tmp_path: Path) -> None:
    """The bound decides: the score itself is within the limit."""
    with served(knowing(98), knowing(96)) as (dense, pruned):
        outcome = compared(stun, pruned, dense, gsm8k(tmp_path, 98, 0.95))
    assert (outcome.code, outcome.termination["reason"]) == (4, "QualityRefused")
    assert re.search(
        r"gsm8k goes from 1\.000 to 0\.980; the 95 % bound of what is retained is 0\.\d+, "
        r"below minRetained 0\.95\.",
        outcome.termination["message"],
    )


def choices(likelihoods: bool) -> Answer:
    """Writes B, and where it tells log-likelihoods finds the shorter text the likelier."""

    def answer(path: str, body: dict[str, Any]) -> Any:
        if path.endswith("/models"):
            return {"data": [{"id": "m"}]}
        choice: dict[str, Any] = {"index": 0, "text": " B"}
        if likelihoods and body.get("echo"):
            ends = list(range(len(body["prompt"]) + 1))
            choice["logprobs"] = {
                "text_offset": ends,
                "token_logprobs": [None, *[-1.0] * len(ends[1:])],
            }
        return {"choices": [choice]}

    return answer


@pytest.mark.parametrize(
    ("told", "metric"), [((True, True), "acc"), ((True, False), "exact_match,letter")]
)
def test_both_are_asked_in_the_same_way(
    tmp_path: Path, told: tuple[bool, bool], metric: str
) -> None:
    """By likelihoods, "no" is shorter than "yes" and right; in writing, B is "yes" and wrong."""
    asked = [{**line, "label": 0 if metric == "acc" else 1} for line in lines_of("boolq", 8)]
    path = write_lines(tmp_path / "boolq.jsonl", asked)
    with served(*[choices(each) for each in told]) as (dense, pruned):
        (found,) = compare_endpoints(dense, pruned, [TaskRecipe("boolq", str(path), None)])
    assert (found["metric"], found["before"], found["after"]) == (metric, 1.0, 1.0)


def test_a_task_that_the_dense_model_cannot_do_is_refused(tmp_path: Path) -> None:
    says = "answers none of the 4 questions of gsm8k"
    with served(knowing(0), knowing(4)) as (dense, pruned), saying(says) as caught:
        compare_endpoints(dense, pruned, [gsm8k(tmp_path, 4, 0.5)])
    assert caught.value.exit_code == 2


def test_data_are_read_before_a_server_is_asked(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "boolq.jsonl", lines_of("boolq", 1))
    with pytest.raises(StunError, match="so few that guessing could answer all of boolq"):
        compare_endpoints(
            "http://127.0.0.1:1", "http://127.0.0.1:1", [TaskRecipe("boolq", str(path), None)]
        )


REFUSALS: list[tuple[str, HTTPStatus, str, int]] = [
    ("models", HTTPStatus.UNAUTHORIZED, "wants an API key .HTTP 401.", 2),
    ("completions", HTTPStatus.FORBIDDEN, "wants an API key .HTTP 403.", 2),
    ("generation", HTTPStatus.BAD_REQUEST, "refuses what it is asked .HTTP 400.", 2),
    ("generation", HTTPStatus.SERVICE_UNAVAILABLE, "could not be asked", 3),
]


@pytest.mark.parametrize(("what", "status", "says", "code"), REFUSALS)
def test_what_a_server_answers_instead(
    tmp_path: Path, what: str, status: HTTPStatus, says: str, code: int
) -> None:
    knows = knowing(4)

    def answer(path: str, body: dict[str, Any]) -> Any:
        of = "models" if path.endswith("/models") else "completions"
        refuses = what == of or (
            what == "generation" and of == "completions" and not body.get("echo")
        )
        return status if refuses else knows(path, body)

    with served(knowing(4), answer) as (dense, pruned), saying(says) as caught:
        compare_endpoints(dense, pruned, [gsm8k(tmp_path, 4, None)])
    assert caught.value.exit_code == code
    assert caught.value.message.startswith(pruned)


USES: list[tuple[dict[str, object], str]] = [
    ({"endpoint": "http://host"}, "give --endpoint and --baseline-endpoint"),
    ({"endpoint": "u", "baseline-endpoint": "u", "task": "boolq=b"}, "and no --task"),
]


@pytest.mark.parametrize(("options", "says"), USES)
def test_a_recipe_needs_both_servers(stun: Stun, options: dict[str, object], says: str) -> None:
    outcome = stun("evaluate", {}, **options)
    assert (outcome.code, outcome.termination["reason"]) == (2, "RecipeInvalid")
    assert says in outcome.termination["message"]
