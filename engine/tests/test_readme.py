"""The tables of README.md say what the code does: none of them can be forgotten in a change."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stun.errors import EXIT_CODES
from stun.experts.registry import METHODS
from stun.families.table import FAMILIES
from stun.options import COMMANDS, EXITS
from stun.recipe_parser import parse_recipe
from stun.tasks.presets import GENERATED, PRESETS

ENGINE = Path(__file__).parents[1]
README = (ENGINE / "README.md").read_text()
SCHEMA = json.loads((ENGINE / "recipe.schema.json").read_text())


def table(heading: str) -> list[list[str]]:
    """Cells of the rows below this header row."""
    _, rest = README.split(f"\n| {heading} |", maxsplit=1)
    rows = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def first_words(heading: str) -> set[str]:
    return {word for row in table(heading) for word in re.findall(r"[\w.\[\]]+", row[0])}


def fields(schema: dict[str, Any], path: str) -> Iterator[str]:
    """The leaves of the recipe's grammar."""
    inner = schema.get("properties") or schema.get("items", {}).get("properties")
    if not inner:
        yield path
        return
    for name, part in inner.items():
        many = "[]" if part.get("items") else ""
        yield from fields(part, f"{path}.{name}{many}" if path else name)


def defaults(schema: dict[str, Any], path: str = "") -> dict[str, object]:
    found: dict[str, object] = {path: schema["default"]} if "default" in schema else {}
    for name, part in schema.get("properties", {}).items():
        found |= defaults(part, f"{path}.{name}" if path else name)
    return found


TABLES: list[tuple[str, set[str]]] = [
    ("command", {name for name, _, _ in COMMANDS}),
    ("field", set(fields(SCHEMA, ""))),
    ("method", set(METHODS)),
    ("architecture in config.json", set(FAMILIES)),
]


def heading_of(start: str) -> str:
    return next(line.strip("| ") for line in README.splitlines() if line.startswith(f"| {start} |"))


@pytest.mark.parametrize(("start", "expected"), TABLES, ids=[row[0] for row in TABLES])
def test_a_table_names_all_that_there_is(start: str, expected: set[str]) -> None:
    assert first_words(heading_of(start)) == expected


def test_tasks() -> None:
    words = first_words(heading_of("task"))
    assert {*PRESETS, *GENERATED} <= words


def test_exit_codes() -> None:
    found = {
        reason: int(code)
        for code, _, reasons in table(heading_of("exit"))
        for reason in reasons.split()
    }
    assert found == EXIT_CODES


def test_defaults_are_those_of_the_grammar() -> None:
    stated = {row[0].strip("`"): row[1] for row in table(heading_of("field"))}
    for path, value in defaults(SCHEMA).items():
        assert stated[path] == str(value), path


def test_the_layout_of_experts_on_disk() -> None:
    for row in table(heading_of("architecture in config.json")):
        layout = FAMILIES[row[0]].experts
        kinds = {"SeparateExperts": "a tensor each", "FusedExperts": "fused", "NoneType": "none"}
        assert row[1] == kinds[type(layout).__name__], row[0]


def test_the_recipe_shown_is_one() -> None:
    shown = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    assert parse_recipe(json.loads(shown[1])).weights.method == "OWL"


def test_help_names_every_exit_code() -> None:
    codes = re.findall(r"(\d+) [a-z]", EXITS)
    assert {int(code) for code in codes} == {0, *EXIT_CODES.values()}
