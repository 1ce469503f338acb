"""How alike the router rows of each layer are: one small heat map per layer."""

import math
from statistics import median

from stun.report.fate import moe_layers
from stun.report.formats import Json, number
from stun.report.image import data_uri, gradient
from stun.report.markup import Markup, join, tag
from stun.report.parts import figure, paragraph, section, table

# Cells on the whole page, about 1.4 bytes each: 94 layers of 128 experts fit.
MOST_CELLS = 2_000_000
Matrix = list[list[float]]


def similarity_section(report: Json) -> Markup | None:
    layers = [layer for layer in moe_layers(report) if layer.get("similarity")]
    if not layers:
        return None
    shown = thin_out(layers)
    low, high = bounds(layers)
    maps = (heat_map(layer, low, high) for layer in shown)
    plot = join(scale_bar(low, high), tag("div", *maps, class_="multiples"))
    return section(
        "similarity",
        "Similarity of experts",
        paragraph(
            "Distance between the router rows of each two experts, over the mean distance in "
            "the layer. The experts of a group stand side by side, in a frame; all layers "
            "share one scale."
        ),
        paragraph(omission(len(shown), len(layers))),
        figure("Router distance per layer", plot, extremes(layers), "Router distances"),
    )


def thin_out(layers: list[Json]) -> list[Json]:
    """Every n-th layer where all of them would make the file too large."""
    cells = sum(len(layer["similarity"]) ** 2 for layer in layers)
    return layers[:: math.ceil(cells / MOST_CELLS)]


def omission(shown: int, total: int) -> str:
    numbers = "The distances themselves are in stun-report.json."
    if shown == total:
        return numbers
    return f"Shown are {shown} of {total} layers, evenly spaced, to keep this file small. {numbers}"


def pairs(matrix: Matrix) -> list[float]:
    return [value for i, row in enumerate(matrix) for value in row[:i]]


def bounds(layers: list[Json]) -> tuple[float, float]:
    values = [value for layer in layers for value in pairs(layer["similarity"])]
    return (min(values), max(values)) if values else (0.0, 1.0)


def heat_map(layer: Json, low: float, high: float) -> Markup:
    matrix: Matrix = layer["similarity"]
    groups = [group["members"] for group in layer["groups"]]
    order = [member for members in groups for member in members]
    span = high - low or 1.0
    rows = [[(high - matrix[i][j]) / span for j in order] for i in order]
    size = len(order)
    name = f"Layer {layer['layer']}"
    picture = tag("image", href=data_uri(rows), width=size, height=size)
    drawing = tag(
        "svg",
        picture,
        tag("path", d=frames(groups), class_="frame"),
        viewBox=f"0 0 {size} {size}",
        role="img",
        aria_label=f"{name}: router distances of {size} experts",
    )
    return tag("div", drawing, tag("span", name))


def frames(groups: list[list[int]]) -> str:
    """A square on the diagonal around each group of more than one."""
    start, path = 0, []
    for members in groups:
        size = len(members)
        if size > 1:
            path.append(f"M{start} {start}h{size}v{size}h-{size}z")
        start += size
    return "".join(path)


def scale_bar(low: float, high: float) -> Markup:
    return tag(
        "p",
        f"different ({number(high)}) ",
        tag("span", style=f"background: {gradient()}", class_="gradient", aria_hidden="true"),
        f" alike ({number(low)})",
        class_="scale",
    )


def extremes(layers: list[Json]) -> Markup:
    head = ("Layer", "Smallest", "Between experts", "Median", "Largest")
    return table("Router distances", head, (extremes_row(layer) for layer in layers))


def extremes_row(layer: Json) -> tuple[object, ...]:
    matrix: Matrix = layer["similarity"]
    values = pairs(matrix)
    if not values:
        return layer["layer"], "one expert", "", "", ""
    least, i, j = min((v, i, j) for i, row in enumerate(matrix) for j, v in enumerate(row[:i]))
    between = f"{j} and {i}"
    return layer["layer"], number(least), between, number(median(values)), number(max(values))
