"""Questions of a task from a file of its dataset's lines."""

import json
from collections.abc import Callable
from typing import TypeVar

from stun.errors import StunError
from stun.storage import read_object
from stun.tasks.presets import GENERATED, PRESETS, unknown_task
from stun.tasks.question import BadLineError, Line, Preset, Question

T = TypeVar("T")


def preset_of(name: str) -> Preset:
    if name in GENERATED:
        raise StunError(
            "RecipeInvalid",
            f"{name} is answered by writing, which a streamed pass cannot do; ask it of a served "
            f"model with 'stun evaluate --endpoint URL --task {name}=URI'.",
        )
    if name not in PRESETS:
        raise StunError("RecipeInvalid", unknown_task(name))
    return PRESETS[name]


def read_lines(uri: str) -> list[tuple[int, bytes]]:
    """The lines that are not blank, numbered as in the file."""
    lines = [(n, line) for n, line in enumerate(read_object(uri, "quality").split(b"\n"), 1)]
    return [(number, line) for number, line in lines if line.strip()]


def parse_line(line: bytes) -> Line:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as problem:  # nested too deep
        raise BadLineError("it is no JSON") from problem
    if not isinstance(fields, dict):
        raise BadLineError("it is no JSON object")
    return Line(fields)


def checked(name: str, uri: str, check: Callable[[Line], T]) -> list[tuple[Line, T]]:
    """Each line and what `check` makes of it."""
    found = []
    for number, text in read_lines(uri):
        try:
            line = parse_line(text)
            found.append((line, check(line)))
        except BadLineError as problem:
            raise StunError(
                "QualityDataInvalid",
                f"Line {number} of {uri} is no {name} question: {problem}; give the dataset's own "
                "JSON lines.",
            ) from problem
    return found


def read_asked(name: str, uri: str) -> list[tuple[Line, Question]]:
    preset = preset_of(name)

    def ask(line: Line) -> Question:
        question = preset.ask(line)
        if any(not context.strip() for context, _ in question.requests):
            raise BadLineError("its text is blank")
        return question

    return checked(name, uri, ask)


def read_questions(name: str, uri: str) -> list[Question]:
    return [question for _, question in read_asked(name, uri)]
