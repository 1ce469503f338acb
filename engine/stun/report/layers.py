"""What the second phase did to each layer: its share of zeros and the tails of its weights."""

from stun.report.formats import Json, count, number, percent, short_percent, zero_share
from stun.report.markup import Markup, join, tag
from stun.report.parts import figure, legend, paragraph, section, table
from stun.report.plots import bars, lines

KURTOSIS = {"before": "before", "afterExperts": "without the dropped experts", "after": "after"}


def layers_section(report: Json) -> Markup | None:
    layers = report["layers"]
    if not layers:
        return None
    return section(
        "layers",
        "Layers",
        tag("p", tag("strong", ZEROS), class_="note"),
        sparsity_figure(layers),
        kurtosis_figure(layers),
    )


ZEROS = (
    "Zeros inside the experts save no GPU memory in today's runtimes, which store them like "
    "any other number; only fewer experts do."
)


def sparsity_figure(layers: list[Json]) -> Markup:
    name = "Share of zeros among the prunable weights that stay"
    numbers = [layer["layer"] for layer in layers]
    values = [zero_share(layer) for layer in layers]
    return figure(
        name, bars(name, numbers, values, short_percent), sparsity_table(name, layers), name
    )


def sparsity_table(name: str, layers: list[Json]) -> Markup:
    rows = (
        (
            layer["layer"],
            percent(zero_share(layer), 2),
            percent(layer.get("weightSparsity"), 2),
            count(layer.get("zeros")),
            count(layer.get("prunable")),
            number(layer.get("outlierRatio")),
        )
        for layer in layers
    )
    return table(
        name,
        ("Layer", "Zeros", "Aimed at", "Zeros, count", "Prunable weights", "Outlier ratio"),
        rows,
    )


def kurtosis_figure(layers: list[Json]) -> Markup | None:
    found = {
        label: [(layer.get("kurtosis") or {}).get(key) for layer in layers]
        for key, label in KURTOSIS.items()
    }
    series = {
        label: values for label, values in found.items() if any(v is not None for v in values)
    }
    if not series:
        return paragraph("Kurtosis was not measured.")
    numbers = [layer["layer"] for layer in layers]
    columns = zip(*series.values(), strict=True)
    rows = ((n, *map(number, values)) for n, values in zip(numbers, columns, strict=True))
    name = "Kurtosis of the nonzero prunable weights"
    styles = ((f"s{style}", label) for style, label in enumerate(series, start=1))
    return figure(
        f"{name}: 3 for a normal distribution, more for heavier tails",
        join(legend(styles), lines(name, numbers, series, number)),
        table(name, ("Layer", *series), rows),
        name,
    )
