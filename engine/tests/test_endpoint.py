"""A served model is asked what the harness would ask, by likelihood or in writing."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import lm_eval
import pytest
import torch
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import AutoModelForCausalLM, AutoTokenizer

from stun.endpoint.asking import ask_endpoint
from stun.endpoint.harness import harness_tasks
from stun.endpoint.served import base_of, likelihood
from stun.errors import StunError
from tests.conftest import Stun
from tests.questions import lines_of, write_lines
from tests.serving import MODEL, http_serving, save_constant, transformers_serving

# What the constant model writes: a letter, the answer of a problem, a last number.
WRITTEN = " B #### 7 or 9"


@pytest.fixture(scope="module")
def constant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("constant")
    model = save_constant(folder / "model", WRITTEN)
    with transformers_serving(model, folder / "scratch") as url:
        yield url


def rows(found: list[dict[str, Any]]) -> list[tuple[str, str, int, float]]:
    return [(row["name"], row["metric"], row["questions"], row["score"]) for row in found]


def problems(answers: list[str]) -> list[dict[str, Any]]:
    return [
        {"question": f"What is {number}?", "answer": f"It is.\n#### {answer}"}
        for number, answer in enumerate(answers)
    ]


def test_problems_are_read_strictly_and_flexibly(constant: str, tmp_path: Path) -> None:
    """The five examples are not asked; of the four others one is 7, two are 9."""
    lines = problems(["7", "7", "7", "7", "7", "7", "9", "9", "1,000"])
    path = write_lines(tmp_path / "gsm8k.jsonl", lines)
    assert rows(ask_endpoint(constant, [("gsm8k", str(path))])) == [
        ("gsm8k", "exact_match,strict-match", 4, 0.25),
        ("gsm8k", "exact_match,flexible-extract", 4, 0.5),
    ]


@pytest.mark.parametrize("name", ["arc_easy", "mmlu", "winogrande"])
def test_choices_are_asked_in_writing_where_no_likelihood_is_told(
    constant: str, tmp_path: Path, name: str
) -> None:
    """transformers' server ignores logprobs and echo."""
    lines = lines_of(name, 12)
    seconds: dict[str, list[object]] = {"arc_easy": ["B", "2"], "mmlu": [1], "winogrande": ["2"]}
    right = sum(line.get("answerKey", line.get("answer")) in seconds[name] for line in lines)
    path = write_lines(tmp_path / "lines.jsonl", lines)
    assert 0 < right < 12
    found = ask_endpoint(f"{constant}/v1/", [(name, str(path))])
    assert rows(found) == [(name, "exact_match,letter", 12, right / 12)]


@cache
def fixture() -> tuple[Any, Any]:
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    return model, AutoTokenizer.from_pretrained(MODEL)


@torch.inference_mode()
def echo(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a server says that echoes log-likelihoods, of the fixture and by its own tokenizer."""
    if path.endswith("/models"):
        return {"data": [{"id": "fixture"}]}
    assert (body["model"], body["echo"], body["logprobs"]) == ("fixture", True, 1)
    model, tokenizer = fixture()
    found = tokenizer(body["prompt"], return_offsets_mapping=True)
    ids = torch.tensor([found["input_ids"]])
    scores = model(ids).logits[0].log_softmax(-1)
    told = scores[:-1].gather(1, ids[0, 1:, None])[:, 0].tolist()
    offsets = [start for start, _ in found["offset_mapping"]] + [len(body["prompt"])]
    logprobs = {"text_offset": offsets, "token_logprobs": [None, *told, float(scores[-1].max())]}
    return {"choices": [{"index": 0, "text": "", "logprobs": logprobs}]}


@pytest.mark.parametrize("name", ["openbookqa", "winogrande"])
def test_likelihoods_that_a_server_tells_give_the_harness_score(tmp_path: Path, name: str) -> None:
    lines = lines_of(name, 16)
    with http_serving(echo) as url:
        path = write_lines(tmp_path / "lines.jsonl", lines)
        found = {row[1]: row for row in rows(ask_endpoint(url, [(name, str(path))]))}
    theirs = lm_eval.simple_evaluate(
        HFLM(pretrained=str(MODEL), dtype="float32", device="cpu"),
        tasks=harness_tasks(name, lines),
        task_manager=TaskManager(include_defaults=False),
        bootstrap_iters=0,
    )["results"][name]
    for metric, row in found.items():
        assert row[2] == 16
        assert row[3] == pytest.approx(theirs[f"{metric},none"], abs=1e-6)
    assert ("acc_norm" in found) == (name == "openbookqa")


# Tokens "<s>", "a ", "b", " c", "?": of the text "a b c" the end after "a b" is wanted.
OFFSETS = [
    ("as the text counts", [0, 0, 2, 3, 5], -3.0),
    ("counting the token before the text", [0, 3, 5, 6, 8], -3.0),
]


@pytest.mark.parametrize(("case", "offsets", "wanted"), OFFSETS)
def test_the_scored_tokens_are_found_by_their_offsets(
    case: str, offsets: list[int], wanted: float
) -> None:
    choice = {
        "logprobs": {"text_offset": offsets, "token_logprobs": [None, -1.0, -2.0, -3.0, -4.0]}
    }
    assert likelihood(choice, "a b", " c") == wanted, case
    assert likelihood(choice, "a b ", "c") == wanted, case


@pytest.mark.parametrize(
    "url", ["http://host", "http://host/", "http://host/v1", "http://host/v1/"]
)
def test_the_version_need_not_be_written(url: str) -> None:
    assert base_of(url) == "http://host/v1"


def test_too_few_problems_to_show_and_ask_are_refused(constant: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "gsm8k.jsonl", problems(["7"] * 5))
    with pytest.raises(StunError, match="has 5 lines; the first 5 are shown as examples"):
        ask_endpoint(constant, [("gsm8k", str(path))])


def test_a_problem_without_an_answer_is_named(constant: str, tmp_path: Path) -> None:
    lines = [*problems(["7"] * 5), {"question": "What?"}]
    path = write_lines(tmp_path / "gsm8k.jsonl", lines)
    with pytest.raises(StunError, match=r"Line 6 of .* is no gsm8k question: answer is no text"):
        ask_endpoint(constant, [("gsm8k", str(path))])


def test_a_server_that_is_away_is_worth_a_retry(tmp_path: Path) -> None:
    with http_serving(echo) as url:
        pass
    with pytest.raises(StunError, match=r"could not be asked .* served there and ready") as caught:
        ask_endpoint(url, [("boolq", str(write_lines(tmp_path / "l", lines_of("boolq", 2))))])
    assert caught.value.exit_code == 3


USES = [
    ({}, "either --model"),
    ({"model": MODEL, "endpoint": "http://host"}, "either --model"),
    ({"model": MODEL}, "give --data or --task"),
    ({"model": MODEL, "data": "x"}, "--data needs --samples and --length"),
    ({"endpoint": "http://host"}, "give --task, not --data"),
    ({"endpoint": "http://host", "task": "gsm8k"}, "'gsm8k' is no task; write --task NAME=URI"),
    *(
        ({"endpoint": url, "task": "gsm8k=x"}, f"--endpoint '{url}' is no URL of a server")
        for url in ("notaurl", "host:8000", "ftp://host", "http://", "http://host:x", "http://[::1")
    ),
    (
        {"endpoint": "http://host", "baseline-endpoint": "old", "task": "gsm8k=x"},
        "--baseline-endpoint 'old' is no URL of a server",
    ),
]


@pytest.mark.parametrize(("options", "answer"), USES)
def test_what_cannot_be_evaluated_is_said(
    stun: Stun, options: dict[str, object], answer: str
) -> None:
    outcome = stun("evaluate", **options)
    assert (outcome.code, outcome.termination["reason"]) == (2, "RecipeInvalid")
    assert answer in outcome.termination["message"]


def test_the_command_asks_a_server(stun: Stun, constant: str, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "lines.jsonl", problems(["7"] * 5 + ["7", "8"]))
    outcome = stun("evaluate", endpoint=constant, task=f"gsm8k={path}")
    assert outcome.code == 0
    assert outcome.answer["uri"] == constant
    assert rows(outcome.answer["tasks"])[0] == ("gsm8k", "exact_match,strict-match", 2, 0.5)
    assert outcome.answer["tasks"][0]["standardError"] == pytest.approx(0.5)


def test_the_command_streams_a_model(stun: Stun, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "lines.jsonl", lines_of("openbookqa", 8))
    outcome = stun("evaluate", model=MODEL, task=f"openbookqa={path}")
    assert outcome.code == 0
    assert list(outcome.answer) == ["uri", "tasks"]
    (found,) = outcome.answer["tasks"]
    assert (found["name"], found["metric"], found["questions"]) == ("openbookqa", "acc_norm", 8)
