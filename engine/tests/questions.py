"""Lines of the tasks' datasets, made of the fixture's held-out text: its ending is the answer."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

HELD_OUT = Path(__file__).parents[1] / "fixture/data/heldout.jsonl"
LABELS = (["A", "B", "C", "D"], ["1", "2", "3", "4"])


class Maker:
    """Passages, how they really go on, and how others go on."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        lines = HELD_OUT.read_text().splitlines()
        self.documents: list[list[str]] = [json.loads(line)["text"].split() for line in lines]

    def words(self, count: int) -> list[str]:
        document = self.random.choice([text for text in self.documents if len(text) > count])
        start = self.random.randrange(len(document) - count)
        return document[start : start + count]

    def passage(self, count: int = 24) -> str:
        return " ".join(self.words(count))

    def choices(self, count: int) -> tuple[str, list[str], int]:
        """A passage, endings of unlike lengths, and which of them is its own."""
        words = self.words(32)
        ending = 32 - self.random.randrange(4, 12)
        gold = self.random.randrange(count)
        others = [self.passage(self.random.randrange(4, 12)) for _ in range(count - 1)]
        return (
            " ".join(words[:ending]),
            [*others[:gold], " ".join(words[ending:]), *others[gold:]],
            gold,
        )


def arc(maker: Maker, number: int) -> dict[str, Any]:
    question, texts, gold = maker.choices(3 + number % 2)
    labels = LABELS[number % 2][: len(texts)]
    choices = {"text": texts, "label": labels}
    return {"id": f"q{number}", "question": question, "choices": choices, "answerKey": labels[gold]}


def openbookqa(maker: Maker, number: int) -> dict[str, Any]:
    """Some stems end in a space, some answers begin with one."""
    line = arc(maker, number)
    stem = line.pop("question") + " " * (number % 3)
    return {**line, "question_stem": stem, "answerKey": " " * (number % 2) + line["answerKey"]}


def hellaswag(maker: Maker, number: int) -> dict[str, Any]:
    passage, endings, gold = maker.choices(4)
    if number % 4 == 0:
        endings = [f"{ending} [substeps] and  [title] more" for ending in endings]
    return {
        "activity_label": maker.passage(2),
        "ctx_a": passage,
        "ctx_b": maker.passage(3) if number % 2 else "",
        "endings": endings,
        "label": str(gold),
    }


def mmlu(maker: Maker, number: int) -> dict[str, Any]:
    passage, choices, gold = maker.choices(4)
    subject = ("anatomy", "high_school_us_history")[number % 2]
    question = f" {passage}\n" if number % 3 else passage
    return {"question": question, "subject": subject, "choices": choices, "answer": gold}


def boolq(maker: Maker, number: int) -> dict[str, Any]:
    """Every eighth passage is longer than the model can read."""
    passage = maker.passage(400 if number % 8 == 0 else 30)
    return {"question": maker.passage(6), "passage": passage, "idx": number, "label": number % 2}


def rte(maker: Maker, number: int) -> dict[str, Any]:
    first, second = maker.passage(20), maker.passage(8)
    return {"sentence1": first, "sentence2": second, "label": number % 2, "idx": number}


def winogrande(maker: Maker, number: int) -> dict[str, Any]:
    passage, options, gold = maker.choices(2)
    sentence = f"{passage} _ and then {maker.passage(5)}"
    first, second = options
    return {"sentence": sentence, "option1": first, "option2": second, "answer": str(gold + 1)}


MAKERS: dict[str, Callable[[Maker, int], dict[str, Any]]] = {
    "arc_challenge": arc,
    "arc_easy": arc,
    "boolq": boolq,
    "hellaswag": hellaswag,
    "mmlu": mmlu,
    "openbookqa": openbookqa,
    "rte": rte,
    "winogrande": winogrande,
}


def lines_of(name: str, count: int, seed: int = 0) -> list[dict[str, Any]]:
    maker = Maker(seed)
    return [MAKERS[name](maker, number) for number in range(count)]


def write_lines(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
