"""Questions of a task from a file of its dataset's lines."""

import json

from stun.errors import StunError
from stun.storage import read_object
from stun.tasks.presets import GENERATED, PRESETS
from stun.tasks.question import BadLineError, Line, Preset, Question


def preset_of(name: str) -> Preset:
    if name in GENERATED:
        raise StunError(
            "RecipeInvalid",
            f"{name} is answered by writing, which a streamed pass cannot do; ask it of a served "
            f"model with 'stun evaluate --endpoint URL --task {name}=URI'.",
        )
    if name not in PRESETS:
        known = ", ".join(sorted([*PRESETS, *GENERATED]))
        raise StunError("RecipeInvalid", f"There is no task '{name}'; the tasks are {known}.")
    return PRESETS[name]


def read_lines(uri: str) -> list[tuple[int, bytes]]:
    """The lines that are not blank, numbered as in the file."""
    lines = [(n, line) for n, line in enumerate(read_object(uri, "quality").split(b"\n"), 1)]
    return [(number, line) for number, line in lines if line.strip()]


def parse_line(line: bytes) -> Line:
    try:
        fields = json.loads(line)
    except ValueError as problem:
        raise BadLineError("it is no JSON") from problem
    if not isinstance(fields, dict):
        raise BadLineError("it is no JSON object")
    return Line(fields)


def ask_line(preset: Preset, line: bytes) -> Question:
    question = preset.ask(parse_line(line))
    if any(not context.strip() for context, _ in question.requests):
        raise BadLineError("its text is blank")
    return question


def read_questions(name: str, uri: str) -> list[Question]:
    preset = preset_of(name)
    questions = []
    for number, line in read_lines(uri):
        try:
            questions.append(ask_line(preset, line))
        except BadLineError as problem:
            raise StunError(
                "QualityDataInvalid",
                f"Line {number} of {uri} is no {name} question: {problem}; give the dataset's own "
                "JSON lines.",
            ) from problem
    return questions
