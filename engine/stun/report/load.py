"""Which experts did the work on the calibration text, and how much of it was dropped."""

from stun.report.fate import STATES, State, fates, states
from stun.report.formats import Json, limits, percent, short_percent
from stun.report.markup import Markup, join, tag
from stun.report.parts import figure, legend, paragraph, section, table
from stun.report.plots import bars

TALL = 60
# What was dropped is pale in the map, where it is the ground; here it is what matters.
STYLES: dict[State, str] = {"kept": "kept", "averaged": "averaged", "dropped": "before"}


def load_section(report: Json) -> Markup | None:
    layers = [layer for layer in report["layers"] if layer.get("load")]
    dropped = [layer for layer in report["layers"] if layer.get("droppedLoad") is not None]
    if not layers and not dropped:
        return None
    return section(
        "load",
        "Load of the experts",
        paragraph(sample_sentence(report.get("routedTokens"))),
        dropped_figure(dropped, limits(report).get("maxDroppedLoad")) if dropped else None,
        load_figure(layers) if layers else None,
    )


def sample_sentence(tokens: int | None) -> str:
    """How many tokens tell how far the shares may be trusted."""
    count = "the" if tokens is None else f"{tokens:,}"
    return f"Shares of {count} calibration tokens, as the source model's routers sent them."


def dropped_figure(layers: list[Json], limit: float | None) -> Markup:
    name = "Load that the dropped experts carried"
    numbers = [layer["layer"] for layer in layers]
    values = [layer["droppedLoad"] for layer in layers]
    rows = ((number, percent(value)) for number, value in zip(numbers, values, strict=True))
    return figure(
        name if limit is None else f"{name}; the dashed line is the limit, {percent(limit)}",
        bars(name, numbers, values, short_percent, limit),
        table(name, ("Layer", "Dropped load"), rows),
        name,
    )


def load_figure(layers: list[Json]) -> Markup:
    top = max(max(layer["load"]) for layer in layers) or 1.0
    plot = join(
        legend((STYLES[state], STATES[state]) for state in states(layers)),
        tag("div", *(load_plot(layer, top) for layer in layers), class_="multiples"),
    )
    most = max(len(layer["load"]) for layer in layers)
    rows = ((layer["layer"], *map(share, layer["load"])) for layer in layers)
    return figure(
        f"Load per expert, from the busiest down; full height is {percent(top)} of a layer's "
        "tokens, the line an even share",
        plot,
        table("Load per expert, percent", ("Layer", *range(most)), rows),
        "Load per expert",
    )


def share(load: float) -> str:
    return f"{100 * load:.2f}"


def load_plot(layer: Json, top: float) -> Markup:
    loads, found = layer["load"], fates(layer)
    order = sorted(range(len(loads)), key=lambda i: -loads[i])
    even = f"{TALL * (1 - 1 / len(loads) / top):.1f}"
    paths = (
        tag(
            "path",
            d=columns(order, loads, top, [found[i].state == state for i in order]),
            class_=STYLES[state],
        )
        for state in STATES
    )
    drawing = tag(
        "svg",
        *paths,
        tag("line", x1=0, x2=len(loads), y1=even, y2=even, class_="limit"),
        viewBox=f"0 0 {len(loads)} {TALL}",
        preserveAspectRatio="none",
        role="img",
        aria_label=f"Layer {layer['layer']}: load of {len(loads)} experts",
    )
    return tag("div", drawing, tag("span", f"Layer {layer['layer']}"))


def columns(order: list[int], loads: list[float], top: float, chosen: list[bool]) -> str:
    """One path for all bars of a state: an element each would make the page slow."""
    return "".join(
        f"M{place} {TALL}v-{TALL * loads[expert] / top:.1f}h1V{TALL}z"
        for place, expert in enumerate(order)
        if chosen[place]
    )
