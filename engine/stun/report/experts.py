"""The map of layers and experts: which stayed, which became one, which went."""

from stun.report.fate import STATES, Fate, fates, moe_layers, states
from stun.report.formats import Json, ids
from stun.report.markup import Markup, join, tag
from stun.report.parts import figure, legend, paragraph, scroll, section, table
from stun.report.words import Words, words_of

GUTTER = 34
# From this many experts on, cells are too small for a number.
WIDE = 40


def experts_section(report: Json) -> Markup | None:
    layers = moe_layers(report)
    if not layers:
        return None
    words = words_of(report["recipe"]["pruning"]["experts"]["method"])
    plot = join(
        legend((state, STATES[state]) for state in states(layers)),
        scroll("Map of experts", expert_map(layers, words)),
    )
    return section(
        "experts",
        words.title,
        paragraph(
            "A row is a layer, a column an expert of the source model. The kept experts are "
            "numbered anew, in ascending order, in the published model. "
            f"{words.number}; where cells are small, the table says it."
        ),
        figure(
            "Every expert of every layer", plot, group_table(layers, words), "Groups of experts"
        ),
    )


def expert_map(layers: list[Json], words: Words) -> Markup:
    rows = [fates(layer, words) for layer in layers]
    most = max(len(row) for row in rows)
    cell = 24 if most <= WIDE else 8
    width, height = GUTTER + most * cell, 18 + len(rows) * cell
    every = 1 if most <= WIDE else 8
    head = (
        tag("text", i, x=GUTTER + (i + 0.5) * cell, y=12, class_="middle")
        for i in range(0, most, every)
    )
    body = (
        map_row(layer["layer"], row, 18 + i * cell, cell, i % (1 if cell > 12 else 2) == 0)
        for i, (layer, row) in enumerate(zip(layers, rows, strict=True))
    )
    return tag(
        "svg",
        *head,
        *body,
        width=width,
        height=height,
        role="img",
        aria_label="Layers by experts: kept, averaged or dropped",
        class_="map",
    )


def map_row(layer: int, row: dict[int, Fate], top: int, cell: int, labelled: bool) -> Markup:
    label = tag("text", layer, x=GUTTER - 6, y=cell / 2, dy="0.35em", class_="end")
    cells = (map_cell(layer, i, fate, cell) for i, fate in row.items())
    return tag("g", label if labelled else None, *cells, transform=f"translate(0 {top})")


def map_cell(layer: int, expert: int, fate: Fate, cell: int) -> Markup:
    left = GUTTER + expert * cell
    tip = tag("title", f"Layer {layer}, expert {expert}: {fate.sentence()}")
    box = tag("rect", tip, x=left, width=cell - 1, height=cell - 1, class_=fate.state)
    if cell < 20 or fate.state == "kept":
        return box
    inside = tag("text", fate.into, x=left + cell / 2, y=cell / 2, dy="0.35em", class_="in")
    return join(box, inside)


def group_table(layers: list[Json], words: Words) -> Markup:
    rows = ((layer["layer"], ids(layer["kept"]), groups_text(layer, words)) for layer in layers)
    return table("Groups of experts", ("Layer", "Kept", words.groups), rows)


def groups_text(layer: Json, words: Words) -> str:
    merged = [group for group in layer["groups"] if len(group["members"]) > 1]
    texts = (group_text(group["members"], group.get("kept"), words) for group in merged)
    return "; ".join(texts) or "none"


def group_text(members: list[int], kept: int | None, words: Words) -> str:
    if kept is None:
        return f"mean of {ids(members)}"
    others = ids([each for each in members if each != kept])
    return words.group.format(kept=kept, others=others)
