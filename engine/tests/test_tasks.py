"""Tasks: what a line must hold, how sequences are packed, and what the scores decide."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from stun.documents import Encoder
from stun.errors import StunError
from stun.opening import open_checkpoint
from stun.recipe import TaskRecipe
from stun.tasks import Key, check_retained, judge_tasks, mean_score, plan_tasks, planning
from stun.tasks.judging import least_change
from stun.tasks.planning import TaskKey, padded_length
from stun.tasks.question import Metric, Question
from stun.tasks.reading import read_questions
from tests.questions import lines_of, write_lines

MODEL = Path(__file__).parents[1] / "fixture/model"

BAD = [
    ("arc_easy", {"choices": "A"}, "choices is no object"),
    ("arc_easy", {"answerKey": "Z"}, "its answer 'Z' is none of 1, 2, 3, 4"),
    ("arc_easy", {"choices": {"text": ["a", "b"], "label": ["A", "B", "C"]}}, "one label for each"),
    ("arc_challenge", {"question": 3}, "question is no text"),
    ("openbookqa", {"question_stem": " \n"}, "its text is blank"),
    ("hellaswag", {"label": ""}, "label is none of the 4 choices"),
    ("hellaswag", {"endings": ["one"]}, "endings is no list of two or more texts"),
    ("mmlu", {"choices": ["a", "b", "c"]}, "choices is no list of four texts"),
    ("mmlu", {"answer": 4}, "answer is none of the 4 choices"),
    ("boolq", {"label": -1}, "label is none of the 2 choices"),
    ("rte", {"label": -1}, "label is none of the 2 choices"),
    ("winogrande", {"sentence": "no blank"}, "sentence has no _"),
    ("winogrande", {"answer": ""}, "its answer '' is none of 1, 2"),
]


@pytest.mark.parametrize(("name", "wrong", "complaint"), BAD)
def test_a_bad_line_is_named(
    tmp_path: Path, name: str, wrong: dict[str, Any], complaint: str
) -> None:
    good, bad = lines_of(name, 2)
    path = write_lines(tmp_path / "lines.jsonl", [good, {**bad, **wrong}])
    with pytest.raises(StunError, match=f"Line 2 of .* is no {name} question: .*{complaint}"):
        read_questions(name, str(path))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("{", "no JSON"), ("[" * 9999, "no JSON"), ("[1]", "no JSON object")],
)
def test_a_line_that_is_no_object_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(f"\n{json.dumps(lines_of('rte', 1)[0])}\n\n{text}\n")
    with pytest.raises(StunError, match=f"Line 4 of .* is no rte question: it is {complaint}"):
        read_questions("rte", str(path))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("arc", r"There is no task 'arc'; the tasks are arc_challenge, .*gsm8k.*winogrande\."),
        ("gsm8k", r"gsm8k is answered by writing.*stun evaluate --endpoint URL --task gsm8k=URI"),
    ],
)
def test_only_presets_can_be_streamed(tmp_path: Path, name: str, answer: str) -> None:
    with pytest.raises(StunError, match=answer):
        read_questions(name, str(tmp_path / "lines.jsonl"))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(open_checkpoint(str(MODEL)))


def planned(
    folder: Path, encoder: Encoder, lines: list[dict[str, Any]], name: str = "boolq"
) -> Any:
    return plan_tasks([TaskRecipe(name, str(write_lines(folder / name, lines)), None)], encoder)


def test_each_choice_is_one_sequence_among_others_of_like_length(
    tmp_path: Path, encoder: Encoder
) -> None:
    lines = lines_of("boolq", 16)
    scored, key = planned(tmp_path, encoder, lines)
    places = torch.cat(key.places)
    assert sorted(places.tolist()) == list(range(32))
    lengths = [entry.ids.shape[1] for entry in scored]
    assert lengths == sorted({padded_length(length, 513) for length in lengths})
    assert lengths[-1] == 513  # what the model reads, and one token that it only predicts
    for entry in scored:
        assert bool((entry.start >= 1).all() & (entry.start < entry.stop).all())
        assert int(entry.stop.max()) <= entry.ids.shape[1] <= 1.25 * int(entry.stop.min()) + 8


def test_a_task_is_given_once(tmp_path: Path, encoder: Encoder) -> None:
    path = write_lines(tmp_path / "lines.jsonl", lines_of("rte", 8))
    with pytest.raises(StunError, match="The task rte is given twice; join its files"):
        plan_tasks([TaskRecipe("rte", str(path), None)] * 2, encoder)


def test_more_than_can_be_held_is_refused(
    tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the dense model and of the pruned, 4 bytes a value, 128 values a token."""
    assert encoder.checkpoint.config.hidden_size == 128
    monkeypatch.setattr(planning, "MOST_BYTES", 1000 * 2 * 4 * 128)
    with pytest.raises(StunError, match="tokens where the states of 1000 can be held together"):
        planned(tmp_path, encoder, lines_of("boolq", 16))


def test_a_choice_longer_than_the_model_reads_is_refused(tmp_path: Path, encoder: Encoder) -> None:
    lines = lines_of("openbookqa", 20)
    lines[4]["choices"]["text"][1] = "and " * 600
    with pytest.raises(StunError, match="longer than the 512 tokens it can read; leave that"):
        planned(tmp_path, encoder, lines, "openbookqa")


@pytest.mark.parametrize(("length", "padded"), [(3, 8), (8, 8), (9, 16), (100, 104), (130, 144)])
def test_lengths_are_rounded_up_to_a_few(length: int, padded: int) -> None:
    assert padded_length(length, 1000) == padded


def test_so_few_questions_are_refused_before_the_pass(tmp_path: Path, encoder: Encoder) -> None:
    """Four of two choices: guessing scores 0.5, and 1.0 is two standard errors of 0.25 away."""
    with pytest.raises(StunError, match="has 4 questions, so few that guessing could answer all"):
        planned(tmp_path, encoder, lines_of("boolq", 4))
    planned(tmp_path, encoder, lines_of("boolq", 5))


def asked(gold: list[int], least: float | None = None, metric: Metric = "acc") -> Key:
    """Questions of two choices, of 2 and 4 characters; the last one's sequences come first."""
    questions = tuple(Question((("c", " ab"), ("c", " bcde")), (2, 4), right) for right in gold)
    task = TaskKey("rte", metric, least, questions)
    return Key((task,), (torch.arange(2 * len(gold)).flip(0),))


def answers(choices: list[int]) -> list[Tensor]:
    """Log-likelihoods of a model that chooses so, in the reversed order of `asked`."""
    sums = [-1.0 if choice == chosen else -2.0 for chosen in choices for choice in (0, 1)]
    return [torch.tensor(sums, dtype=torch.float64).flip(0)]


def test_scores_are_shares_of_right_answers() -> None:
    gold = [0, 1] * 20
    (judged,) = judge_tasks(asked(gold), answers(gold), answers([0, 1] * 15 + [1, 0] * 5))
    assert (judged["before"], judged["after"], judged["retained"]) == (1.0, 0.75, 0.75)
    assert judged["questions"] == 40
    assert judged["accepted"]


def test_long_choices_are_not_punished_by_acc_norm() -> None:
    """-2.0 over four characters is likelier than -1.2 over two."""
    sums = [torch.tensor([-2.0, -1.2] * 40, dtype=torch.float64)]
    normed, plain = asked([1] * 40, metric="acc_norm"), asked([0] * 40)
    assert judge_tasks(normed, sums, sums)[0]["before"] == 1.0
    assert judge_tasks(plain, sums, sums)[0]["before"] == 1.0


def test_of_equal_choices_the_first_counts() -> None:
    sums = [torch.full((80,), -1.0, dtype=torch.float64)]
    assert judge_tasks(asked([0] * 40), sums, sums)[0]["before"] == 1.0


def test_the_bound_is_that_of_paired_proportions() -> None:
    """Of 100 questions 10 became wrong and 4 right: by hand, with one added to each."""
    before = torch.tensor([True] * 10 + [False] * 4 + [True] * 86)
    after = torch.tensor([False] * 10 + [True] * 4 + [True] * 86)
    lost, gained = 11 / 102, 5 / 102
    error = math.sqrt((lost + gained - (gained - lost) ** 2) / 102)
    assert least_change(before, after) == pytest.approx(gained - lost - 1.6448536 * error)


GATE = [(0.97, True), (0.98, False), (None, True)]


@pytest.mark.parametrize(("least", "accepted"), GATE)
def test_the_bound_decides(least: float | None, accepted: bool) -> None:
    """Nothing changed, but 100 questions cannot show that 98 % is retained: the bound is 0.977."""
    gold = [0, 1] * 50
    key = asked(gold, least)
    judged = judge_tasks(key, answers(gold), answers(gold))
    assert judged[0]["lowerBound"] == pytest.approx(0.9772, abs=1e-4)
    assert judged[0]["accepted"] is accepted
    if accepted:
        check_retained(key.tasks, judged)
    else:
        with pytest.raises(StunError, match=r"below minRetained 0\.98\. Remove fewer"):
            check_retained(key.tasks, judged)


@pytest.mark.parametrize(("right", "informative"), [(60, False), (61, True)])
def test_what_guessing_could_score_says_nothing(right: int, informative: bool) -> None:
    """100 questions of two choices: one standard error of guessing is 0.05; 0.6 is two above."""
    chosen = [0] * right + [1] * (100 - right)
    key = asked([0] * 100)
    if informative:
        assert judge_tasks(key, answers(chosen), answers(chosen))
    else:
        with pytest.raises(StunError, match=r"scores 0\.600 on rte before pruning, where guessing"):
            judge_tasks(key, answers(chosen), answers(chosen))


def test_a_likelihood_that_is_no_number_is_the_models_fault() -> None:
    gold = [0, 1] * 20
    broken = [answers(gold)[0] * math.nan]
    with pytest.raises(StunError, match="no number"):
        judge_tasks(asked(gold), answers(gold), broken)


def test_every_task_counts_alike_in_the_mean() -> None:
    judged = [{"before": 0.5, "after": 0.25}, {"before": 1.0, "after": 0.75}]
    assert mean_score(judged) == {"before": 0.75, "after": 0.5}
