"""SVG plots with one column per layer, drawn without a script.

Positions across are percentages, so that a plot fills a phone and a wide screen alike
while its text keeps its size.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stun.report.markup import Markup, join, tag

HEIGHT = 180
LABELS = 12
WIDEST = 90
Format = Callable[[float], str]
Values = Sequence[float | None]


@dataclass(frozen=True)
class Scale:
    """Where a value of `low` to `high` lies in a plot of `count` columns."""

    low: float
    high: float
    count: int

    def y(self, value: float) -> str:
        share = (value - self.low) / (self.high - self.low)
        return f"{HEIGHT * (1 - share):.1f}"

    def x(self, column: float) -> str:
        return f"{100 * column / self.count:.2f}%"


def ticks(low: float, high: float) -> list[float]:
    """Three to six round numbers that enclose the values."""
    span = high - low or abs(high) or 1.0
    power = 10 ** math.floor(math.log10(span))
    step = next(s * power for s in (0.2, 0.5, 1, 2, 5) if span / (s * power) <= 5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, max(last, first + 1) + 1)]


def svg(name: str, columns: int, *children: object) -> Markup:
    """As wide as the page, but for a few layers no wider than they need."""
    widest = f"max-width: {WIDEST * columns}px"
    marks = {"class_": "plot", "role": "img", "aria_label": name, "style": widest}
    return tag("svg", *children, height=HEIGHT + 22, **marks)


def frame(scale: Scale, marks: list[float], show: Format, layers: Sequence[int]) -> Markup:
    """Grid lines with their values, and the number of every n-th layer below."""
    grid = []
    for mark in marks:
        y = scale.y(mark)
        grid.append(tag("line", x1=0, x2="100%", y1=y, y2=y, class_="grid"))
        grid.append(tag("text", show(mark), x=-6, y=y, dy="0.35em", class_="end"))
    every = math.ceil(len(layers) / LABELS)
    below = (
        tag("text", layer, x=scale.x(i + 0.5), y=HEIGHT + 15, class_="middle")
        for i, layer in enumerate(layers)
        if i % every == 0
    )
    return join(*grid, *below)


def bars(
    name: str, layers: Sequence[int], values: Values, show: Format, limit: float | None = None
) -> Markup:
    """One bar per layer from zero; those above the limit, a dashed line, stand out."""
    known = [value for value in values if value is not None]
    marks = ticks(0, max([*known, limit or 0]))
    scale = Scale(0, marks[-1], len(layers))
    drawn = [
        bar(scale, i, value, f"Layer {layer}: {show(value)}", limit)
        for i, (layer, value) in enumerate(zip(layers, values, strict=True))
        if value is not None
    ]
    return svg(
        name, scale.count, frame(scale, marks, show, layers), *drawn, limit_line(scale, limit)
    )


def bar(scale: Scale, column: int, value: float, tip: str, limit: float | None) -> Markup:
    over = limit is not None and value > limit
    return tag(
        "rect",
        tag("title", tip),
        x=scale.x(column + 0.12),
        width=scale.x(0.76),
        y=scale.y(value),
        height=f"{HEIGHT - float(scale.y(value)):.1f}",
        class_="over" if over else "kept",
    )


def limit_line(scale: Scale, limit: float | None) -> Markup | None:
    if limit is None:
        return None
    y = scale.y(limit)
    return tag("line", x1=0, x2="100%", y1=y, y2=y, class_="limit")


def lines(name: str, layers: Sequence[int], series: Mapping[str, Values], show: Format) -> Markup:
    """One line with its own marks per series, in the order of the legend."""
    known = [v for values in series.values() for v in values if v is not None]
    marks = ticks(min(known), max(known))
    scale = Scale(marks[0], marks[-1], len(layers))
    drawn = [
        line(scale, layers, values, label, style, show)
        for style, (label, values) in enumerate(series.items(), start=1)
    ]
    return svg(name, scale.count, frame(scale, marks, show, layers), *drawn)


def line(
    scale: Scale, layers: Sequence[int], values: Values, label: str, style: int, show: Format
) -> Markup:
    at = [(scale.x(i + 0.5), scale.y(v)) for i, v in enumerate(values) if v is not None]
    tips = [
        f"Layer {n}, {label}: {show(v)}"
        for n, v in zip(layers, values, strict=True)
        if v is not None
    ]
    joined = (tag("line", x1=x1, y1=y1, x2=x2, y2=y2) for (x1, y1), (x2, y2) in pairwise(at))
    dots = (
        tag("circle", tag("title", tip), cx=x, cy=y, r=3)
        for (x, y), tip in zip(at, tips, strict=True)
    )
    return tag("g", *joined, *dots, class_=f"line s{style}")
