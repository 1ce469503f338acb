"""The tasks that a recipe can name: a dataset's own lines, asked as lm-evaluation-harness asks.

Fields are those of the datasets that its task definitions load (allenai/ai2_arc,
Rowan/hellaswag, cais/mmlu, aps/super_glue, allenai/openbookqa, nyu-mll/glue,
allenai/winogrande), exported line by line as JSON; prompts are those of version 0.4.13,
without examples. Where it offers acc_norm, that is what counts here.
"""

import re

from stun.tasks.question import BadLineError, Line, Preset, Question, choose

LETTERS = ["A", "B", "C", "D"]
# The artefacts of WikiHow that HellaSwag's lines carry.
TITLE, BRACKETS = " [title]", re.compile(r"\[.*?\]")


def labelled(line: Line) -> tuple[list[str], list[str]]:
    """The texts and labels of choices that are written as two lists."""
    choices = line.part("choices")
    texts, labels = choices.texts("text"), choices.texts("label")
    if len(texts) != len(labels):
        raise BadLineError("choices has not one label for each text")
    return texts, labels


def position(labels: list[str], answer: str) -> int:
    if answer not in labels:
        raise BadLineError(f"its answer '{answer}' is none of {', '.join(labels)}")
    return labels.index(answer)


def ask_arc(line: Line) -> Question:
    texts, labels = labelled(line)
    gold = position(labels, line.text("answerKey"))
    return choose(f"Question: {line.text('question')}\nAnswer:", texts, gold)


def ask_openbookqa(line: Line) -> Question:
    texts, labels = labelled(line)
    gold = position(labels, line.text("answerKey").lstrip())
    return choose(line.text("question_stem"), texts, gold)


def without_artefacts(text: str) -> str:
    text = text.strip().replace(TITLE, ". ")
    return BRACKETS.sub("", text).replace("  ", " ")


def ask_hellaswag(line: Line) -> Question:
    scene = f"{line.text('ctx_a')} {line.text('ctx_b').capitalize()}"
    endings = [without_artefacts(ending) for ending in line.texts("endings")]
    context = without_artefacts(f"{line.text('activity_label')}: {scene}")
    return choose(context, endings, line.index("label", len(endings)))


def ask_mmlu(line: Line) -> Question:
    subject, choices = line.text("subject").replace("_", " "), line.texts("choices")
    if len(choices) != len(LETTERS):
        raise BadLineError("choices is no list of four texts")
    options = [f"{letter}. {choice}" for letter, choice in zip(LETTERS, choices, strict=True)]
    intro = f"The following are multiple choice questions (with answers) about {subject}.\n"
    lines = [intro, line.text("question").strip(), *options, "Answer:"]
    return choose("\n".join(lines), LETTERS, line.index("answer", len(LETTERS)))


def ask_boolq(line: Line) -> Question:
    context = f"{line.text('passage')}\nQuestion: {line.text('question')}?\nAnswer:"
    return choose(context, ["no", "yes"], line.index("label", 2))


def ask_rte(line: Line) -> Question:
    claim = f"Question: {line.text('sentence2')} True or False?"
    context = f"{line.text('sentence1')}\n{claim}\nAnswer:"
    return choose(context, ["True", "False"], line.index("label", 2))


def ask_winogrande(line: Line) -> Question:
    """Partial evaluation: the choices stand in the context, and its end is what is scored."""
    before, blank, after = line.text("sentence").partition("_")
    if not blank:
        raise BadLineError("sentence has no _ where the choices belong")
    options = [line.text("option1"), line.text("option2")]
    return Question(
        requests=tuple((before + option, f" {after.strip()}") for option in options),
        lengths=tuple(len(option) for option in options),
        gold=position(["1", "2"], line.text("answer")),
    )


PRESETS = {
    "arc_challenge": Preset(ask_arc, "acc_norm"),
    "arc_easy": Preset(ask_arc, "acc_norm"),
    "boolq": Preset(ask_boolq, "acc"),
    "hellaswag": Preset(ask_hellaswag, "acc_norm"),
    "mmlu": Preset(ask_mmlu, "acc"),
    "openbookqa": Preset(ask_openbookqa, "acc_norm"),
    "rte": Preset(ask_rte, "acc"),
    "winogrande": Preset(ask_winogrande, "acc"),
}
# Answered by writing, which a pass over given tokens cannot do.
GENERATED = ("gsm8k",)


def unknown_task(name: str) -> str:
    known = ", ".join(sorted([*PRESETS, *GENERATED]))
    return f"There is no task '{name}'; the tasks are {known}."
