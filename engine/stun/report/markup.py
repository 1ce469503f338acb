"""Builds HTML and SVG so that text can only get in escaped.

Names of tasks, models and stages come from recipes and checkpoints of strangers, and the
page is opened from the storage that serves the model.
"""

import html
import re

# Not allowed in HTML at all, escaped or not; a lone surrogate cannot even be encoded.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
VOID = frozenset({"meta", "br"})


class Markup(str):
    """Text that is HTML already; everything else is escaped when it becomes a child."""

    __slots__ = ()


def escape(value: object) -> Markup:
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(UNPRINTABLE.sub("\ufffd", str(value))))


def join(*parts: object) -> Markup:
    """The parts one after the other; None is left out."""
    return Markup("".join(escape(part) for part in parts if part is not None))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """An element; `class_` is class, other underscores are hyphens, None is left out."""
    opened = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{opened}>")
    return Markup(f"<{name}{opened}>{join(*children)}</{name}>")
