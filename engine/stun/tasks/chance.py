"""Whether a task can tell anything: a score that guessing could reach says nothing of a model."""

import math
from collections.abc import Sequence

from stun.errors import StunError
from stun.tasks.question import Question


def guessing(questions: Sequence[Question]) -> float:
    """The score that choosing at random has on average."""
    return sum(1 / len(question.requests) for question in questions) / len(questions)


def informative_above(questions: Sequence[Question]) -> float:
    """Guessing's score and two of its standard errors; questions may differ in their choices."""
    shares = [1 / len(question.requests) for question in questions]
    variance = sum(share * (1 - share) for share in shares)
    return guessing(questions) + 2 * math.sqrt(variance) / len(questions)


def check_enough(name: str, uri: str, questions: Sequence[Question]) -> None:
    """Refuses, before the pass, a file so short that not even a perfect score would count."""
    if not questions or informative_above(questions) >= 1:
        raise StunError(
            "QualityDataInvalid",
            f"{uri} has {len(questions)} questions, so few that guessing could answer all of "
            f"{name}; give more.",
        )


def check_informative(name: str, questions: Sequence[Question], score: float) -> None:
    least = informative_above(questions)
    if score <= least:
        raise StunError(
            "QualityDataInvalid",
            f"The model scores {score:.3f} on {name} before pruning, where guessing scores "
            f"{guessing(questions):.3f} and up to {least:.3f} by luck, so the task cannot tell "
            f"what pruning costs; give more than {len(questions)} questions or another task.",
        )
