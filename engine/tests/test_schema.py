"""The published schema and the parser must agree on what a recipe is."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from stun.errors import StunError
from stun.recipe_parser import parse_recipe
from tests.test_plan import API_DEFAULTS, EVERY_FIELD, REFUSED, WHOLE
from tests.tiny import make_recipe

SCHEMA = json.loads((Path(__file__).parents[1] / "recipe.schema.json").read_text())
TASK = {"name": "arc_easy", "uri": "t.jsonl", "minRetained": 0.98}
ACCEPTED: list[dict[str, Any]] = [
    make_recipe("c.jsonl", "g.jsonl"),
    make_recipe("c.jsonl", None, **API_DEFAULTS),
    make_recipe("c.jsonl", None, **EVERY_FIELD),
    {"pruning": {"experts": {"ratio": 0.5, "threshold": "Global"}}},
    {**make_recipe("c.jsonl", None), "quality": {"tasks": [TASK], "endpoint": {"tasks": [TASK]}}},
    {"pruning": {"experts": {"ratio": 0.5}}},
    {"pruning": {"targetGPUs": 2, "weights": {"method": "OWL"}}, "quality": None},
    {"pruning": {"targetSparsity": 0.5, "weights": {"method": "Magnitude"}}, "calibration": None},
]


def schema_accepts(recipe: object) -> bool:
    validator = importlib.import_module("jsonschema").Draft202012Validator(SCHEMA)
    return bool(validator.is_valid(recipe))


@pytest.mark.parametrize("recipe", ACCEPTED)
def test_both_accept(recipe: dict[str, Any]) -> None:
    parse_recipe(recipe)
    assert schema_accepts(recipe)


@pytest.mark.parametrize(("section", "changes"), [row[:2] for row in REFUSED])
def test_both_refuse(section: str, changes: dict[str, Any]) -> None:
    recipe = make_recipe("c.jsonl", None)
    recipe["pruning"][section] |= changes
    assert not schema_accepts(recipe)
    with pytest.raises(StunError):
        parse_recipe(recipe)


@pytest.mark.parametrize("recipe", [row[0] for row in WHOLE])
def test_both_refuse_as_a_whole(recipe: dict[str, Any]) -> None:
    assert not schema_accepts(recipe)
    with pytest.raises(StunError):
        parse_recipe(recipe)


def properties(schema: dict[str, Any], path: str = "") -> list[str]:
    found = []
    for name, inner in schema.get("properties", {}).items():
        found += [f"{path}{name}", *properties(inner, f"{path}{name}.")]
    return found


@pytest.mark.parametrize("path", properties(SCHEMA))
def test_every_property_of_the_schema_is_read(path: str) -> None:
    """A field of the schema that the parser does not know would be refused as unknown."""
    recipe = make_recipe("c.jsonl", "g.jsonl")
    inner: dict[str, Any] = recipe
    *parents, last = path.split(".")
    for name in parents:
        inner = inner.setdefault(name, {})
    inner.setdefault(last, None)
    parse_recipe(recipe)
