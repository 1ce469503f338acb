"""Tasks as sequences for the streamed pass, and what is needed to read the answers off them."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from stun.documents import Encoder
from stun.errors import StunError
from stun.recipe import TaskRecipe
from stun.scoring import Scored
from stun.tasks.chance import check_enough
from stun.tasks.presets import PRESETS
from stun.tasks.question import BadLineError, Metric, Question
from stun.tasks.reading import read_questions
from stun.tasks.tokens import PairEncoder

# The states of all sequences are held at once, of the dense model and of the pruned.
MOST_BYTES = 32 << 30
BYTES_PER_VALUE = 2 * 4  # two flows, float32
Sequence = tuple[list[int], int]  # token ids, where the scored ones begin


@dataclass(frozen=True)
class TaskKey:
    """The right answers of one task, in the order of its questions."""

    name: str
    metric: Metric
    min_retained: float | None
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Key:
    """Which question and choice each scored sequence belongs to.

    places: for each Scored, [N] the number of the request, counted over all choices of all
    questions of all tasks.
    """

    tasks: tuple[TaskKey, ...]
    places: tuple[Tensor, ...]


def plan_tasks(specs: Iterable[TaskRecipe], encoder: Encoder) -> tuple[list[Scored], Key]:
    """One sequence for each choice of each question, of like length together."""
    tasks = tuple(read_task(spec) for spec in specs)
    check_named_once([task.name for task in tasks])
    pairs = PairEncoder(encoder.checkpoint) if tasks else None
    sequences = [
        encoded(pairs, task, request)
        for task in tasks
        for question in task.questions
        for request in question.requests
        if pairs
    ]
    config = encoder.checkpoint.config
    buckets = by_length(sequences, config.max_positions + 1)
    check_size(buckets, config.hidden_size)
    scored = [pad(length, [sequences[i] for i in places]) for length, places in buckets.items()]
    return scored, Key(tasks, tuple(torch.tensor(places) for places in buckets.values()))


def check_named_once(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise StunError(
                "RecipeInvalid", f"The task {name} is given twice; join its files into one."
            )


def read_task(spec: TaskRecipe) -> TaskKey:
    questions = read_questions(spec.name, spec.uri)
    check_enough(spec.name, spec.uri, questions)
    return TaskKey(spec.name, PRESETS[spec.name].metric, spec.min_retained, tuple(questions))


def encoded(pairs: PairEncoder, task: TaskKey, request: tuple[str, str]) -> Sequence:
    try:
        return pairs.pair(*request)
    except BadLineError as problem:
        raise StunError(
            "QualityDataInvalid",
            f"The model cannot be asked '{request[0][-60:]}' of {task.name}: {problem}; leave "
            "that question out.",
        ) from problem


def padded_length(length: int, longest: int) -> int:
    """A few lengths for each doubling: full batches, of which at most an eighth is padding."""
    step = 1 << max(3, length.bit_length() - 4)
    return min(-(-length // step) * step, longest)


def by_length(sequences: list[Sequence], longest: int) -> dict[int, list[int]]:
    """Numbers of the sequences by the length they are padded to, shortest first."""
    buckets: dict[int, list[int]] = {}
    for number, (ids, _) in enumerate(sequences):
        buckets.setdefault(padded_length(len(ids), longest), []).append(number)
    return dict(sorted(buckets.items()))


def check_size(buckets: dict[int, list[int]], hidden_size: int) -> None:
    tokens = sum(length * len(places) for length, places in buckets.items())
    most = MOST_BYTES // (BYTES_PER_VALUE * hidden_size)
    if tokens > most:
        raise StunError(
            "QualityDataInvalid",
            f"The tasks come to {tokens} tokens where the states of {most} can be held together; "
            "give fewer questions.",
        )


def pad(length: int, sequences: list[Sequence]) -> Scored:
    ids = torch.zeros(len(sequences), length, dtype=torch.int64)
    for row, (tokens, _) in zip(ids, sequences, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    return Scored(
        ids=ids,
        start=torch.tensor([start for _, start in sequences]),
        stop=torch.tensor([len(tokens) for tokens, _ in sequences]),
    )
