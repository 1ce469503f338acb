"""The recipe and the identity of the run, for who wants to repeat it."""

from collections.abc import Iterator

from stun.report.formats import Json
from stun.report.markup import Markup
from stun.report.parts import scroll, section, table


def recipe_section(report: Json) -> Markup:
    identity = [
        (name, report[key])
        for name, key in (
            ("Run key", "runKey"),
            ("Published at", "uri"),
            ("Manifest", "manifestDigest"),
        )
        if report.get(key)
    ]
    source = [("Source", report["model"]["uri"])]
    rows = [
        *source,
        *identity,
        *flatten(report.get("recipe") or {}),
        *flatten(report.get("limits") or {}, "limits"),
    ]
    content = table("Recipe, as resolved", ("Field", "Value"), rows)
    return section("recipe", "Recipe", scroll("Recipe", content))


def flatten(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Leaves of nested objects by dotted path, in the order of the report."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flatten(inner, f"{path}.{key}" if path else str(key))
    elif value is not None:
        yield path, str(value)
