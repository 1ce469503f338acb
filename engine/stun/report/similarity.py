"""How alike the router rows of each layer are: one small heat map per layer."""

import math

import numpy as np

from stun.report.fate import moe_layers
from stun.report.formats import Json, number
from stun.report.image import Shares, data_uri, gradient
from stun.report.markup import Markup, join, tag
from stun.report.parts import figure, paragraph, section, table

# Cells on the whole page, about 1.4 bytes each: 94 layers of 128 experts fit.
MOST_CELLS = 2_000_000


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


def distances(layer: Json) -> Shares:
    return np.asarray(layer["similarity"], dtype=np.float64)


def pairs(layer: Json) -> Shares:
    """The distances below the diagonal, row by row."""
    matrix = distances(layer)
    return matrix[np.tril_indices(len(matrix), -1)]


def bounds(layers: list[Json]) -> tuple[float, float]:
    values = np.concatenate([pairs(layer) for layer in layers])
    return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)


def heat_map(layer: Json, low: float, high: float) -> Markup:
    groups = [group["members"] for group in layer["groups"]]
    order = [member for members in groups for member in members]
    shares = (high - distances(layer)[np.ix_(order, order)]) / (high - low or 1.0)
    size = len(order)
    name = f"Layer {layer['layer']}"
    picture = tag("image", href=data_uri(shares), width=size, height=size)
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
    values = pairs(layer)
    if not len(values):
        return layer["layer"], "one expert", "", "", ""
    i, j = (int(index[values.argmin()]) for index in np.tril_indices(len(layer["similarity"]), -1))
    least, middle, most = (number(float(f(values))) for f in (np.min, np.median, np.max))
    return layer["layer"], least, f"{j} and {i}", middle, most
