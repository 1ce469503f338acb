"""The pieces of which every section of the page is made."""

from collections.abc import Iterable, Sequence

from stun.report.markup import Markup, join, tag


def section(name: str, title: str, *children: object) -> Markup:
    return tag("section", tag("h2", title, id=name), *children, aria_labelledby=name)


def paragraph(*text: object) -> Markup:
    return tag("p", *text)


def table(name: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> Markup:
    """The first cell of a row names it; a column of numbers is the common case."""
    return tag(
        "table",
        tag("caption", name),
        tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head))),
        tag("tbody", *(row(cells) for cells in rows)),
    )


def row(cells: Sequence[object]) -> Markup:
    first, *rest = cells
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))


def scroll(name: str, content: Markup) -> Markup:
    """Wider than a phone: it scrolls by itself, by keyboard too, and the page does not."""
    return tag("div", content, class_="scroll", tabindex=0, role="region", aria_label=name)


def figure(caption: object, plot: Markup, data: Markup, name: str) -> Markup:
    """A plot and, behind it, its numbers for who cannot see it or wants them exactly."""
    behind = tag("details", tag("summary", "Show as a table"), scroll(name, data))
    return tag("figure", tag("figcaption", caption), plot, behind)


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Pairs of a style of style.py and what it stands for."""
    items = (
        tag("li", tag("span", class_=f"key {style}", aria_hidden="true"), text)
        for style, text in entries
    )
    return tag("ul", join(*items), class_="legend")
