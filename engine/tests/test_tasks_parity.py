"""Scores of the streamed tasks are those of lm-evaluation-harness, choice by choice."""

import io
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import lm_eval
import pytest
import torch
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing
from torch import Tensor

from stun.commands.evaluate import stream
from stun.documents import Encoder
from stun.endpoint.harness import harness_tasks
from stun.opening import open_checkpoint
from stun.progress import Progress
from stun.recipe import TaskRecipe
from stun.tasks import Key, plan_tasks, score_tasks
from stun.tasks.judging import by_request
from stun.tasks.tokens import PairEncoder
from tests.questions import MAKERS, lines_of, write_lines

MODEL = Path(__file__).parents[1] / "fixture/model"
QUESTIONS = 40


@cache
def reference() -> HFLM:
    return HFLM(pretrained=str(MODEL), dtype="float32", device="cpu", batch_size=16)


@cache
def harness() -> dict[str, Any]:
    """Per task: its score by the harness, and [choices] log-likelihoods in the file's order."""
    tasks = [task for name in MAKERS for task in harness_tasks(name, lines_of(name, QUESTIONS))]
    found = lm_eval.simple_evaluate(
        reference(), tasks=tasks, task_manager=TaskManager(include_defaults=False)
    )
    assert found is not None
    return dict(found)


@cache
def streamed() -> tuple[Key, list[Tensor]]:
    """The same questions through the engine's own layers."""
    with TemporaryDirectory() as folder:
        specs = [
            TaskRecipe(name, str(write_lines(Path(folder) / name, lines_of(name, QUESTIONS))), None)
            for name in MAKERS
        ]
        checkpoint = open_checkpoint(str(MODEL))
        scored, key = plan_tasks(specs, Encoder(checkpoint))
    return key, stream(scored, checkpoint, torch.device("cpu"), Progress(io.StringIO()))


def theirs(name: str) -> list[dict[str, Any]]:
    """What the harness says of each question, in the file's order."""
    samples = harness()["samples"]
    if name != "mmlu":
        return list(samples[name])
    subjects = [samples[task] for task in sorted(samples) if task.startswith("mmlu")]
    return [sample for turn in zip(*subjects, strict=True) for sample in turn]


@pytest.mark.parametrize("name", MAKERS)
def test_the_score_is_the_harness_own(name: str) -> None:
    score = next(task for task in score_tasks(*streamed()) if task["name"] == name)
    best = "acc_norm" if "acc_norm" in theirs(name)[0] else "acc"
    assert score["metric"] == best
    each = [sample[best] for sample in theirs(name)]
    assert len(each) == score["questions"] == QUESTIONS
    assert score["score"] == pytest.approx(sum(each) / len(each), abs=1e-6)


@pytest.mark.parametrize("name", MAKERS)
def test_every_choice_has_the_harness_likelihood(name: str) -> None:
    key, sums = streamed()
    counts = [sum(len(question.requests) for question in task.questions) for task in key.tasks]
    task = [task.name for task in key.tasks].index(name)
    found = by_request(key, sums)[sum(counts[:task]) :][: counts[task]]
    expected = [response[0][0] for sample in theirs(name) for response in sample["resps"]]
    assert found.tolist() == pytest.approx(expected, rel=1e-4)


PAIRS = [
    ("The king said", " unto them"),
    ("The king said ", "unto them"),
    ("The king said \n\t", "unto them"),
    ("The kin", "gdom of Israel"),
    ("<|endoftext|>The king", " said"),
    ("word " * 300, " and" * 300),
    ("word " * 600, " end"),
]


def with_opening_token(folder: Path) -> Path:
    """The fixture, whose tokenizer now puts its first token before every text."""
    shutil.copytree(MODEL, folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.post_processor = TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", 0)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.mark.parametrize("opening", [False, True])
def test_text_is_cut_into_tokens_as_the_harness_does(tmp_path: Path, opening: bool) -> None:
    model = with_opening_token(tmp_path / "model") if opening else MODEL
    harness_model = HFLM(pretrained=str(model), dtype="float32", device="cpu")
    pairs = PairEncoder(open_checkpoint(str(model)))
    for context, continuation in PAIRS:
        before, after = harness_model._encode_pair(context, continuation)
        assert (before[0] == 0) == (opening or context.startswith("<|"))
        whole = (before + after)[-(harness_model.max_length + 1) :]
        assert pairs.pair(context, continuation) == (whole, len(whole) - len(after))
