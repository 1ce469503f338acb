"""Quality before and after, with the bound on which the gate decides."""

from collections.abc import Iterable
from dataclasses import dataclass

from stun.report.formats import Json, change, count, number, percent
from stun.report.markup import Markup, join, tag
from stun.report.parts import figure, legend, paragraph, section, table
from stun.report.plots import Format

BOUNDS = (
    "Both models answer the same questions, so the bound is taken on the paired difference: "
    "with 95 % confidence the truth is no worse."
)


@dataclass(frozen=True)
class Pair:
    """One measure of both models; `worst` is where the bound puts the pruned one."""

    name: str
    before: float
    after: float
    worst: float | None


def quality_section(report: Json) -> Markup:
    quality = report.get("quality") or {}
    parts = [perplexity_figure(quality.get("perplexity")), tasks_figure(quality)]
    if not any(parts):
        missing = "The recipe names no quality data, so nothing is known of this model's quality."
        return section("quality", "Quality", tag("p", missing, class_="note"))
    return section("quality", "Quality", paragraph(BOUNDS), *parts)


def verdict(accepted: bool | None) -> str:
    if accepted is None:
        return "not judged"
    return "accepted" if accepted else "refused"


def perplexity_figure(found: Json | None) -> Markup | None:
    if not found:
        return None
    before, after = found["before"], found["after"]
    bound = found.get("upperBound")
    worst = None if bound is None else before * (1 + bound)
    head = ("Measure", "Before", "After", "Increase", "95 % bound", "Tokens", "Verdict")
    values = ("Perplexity", number(before), number(after), change(found.get("increase")))
    rest = (change(bound), count(found.get("tokens")), verdict(found.get("accepted")))
    return figure(
        "Perplexity; lower is better",
        paired_bars(
            [Pair("Perplexity", before, after, worst)], max(before, after, worst or 0), number
        ),
        table("Perplexity", head, [(*values, *rest)]),
        "Perplexity",
    )


def tasks_figure(quality: Json) -> Markup | None:
    tasks = quality.get("tasks") or []
    if not tasks:
        return None
    pairs = [task_pair(task) for task in tasks]
    mean = quality.get("mean")
    if mean:
        pairs.append(Pair("Mean", mean["before"], mean["after"], None))
    return figure(
        "Tasks: share of right answers; higher is better",
        paired_bars(pairs, 1.0, percent),
        task_table(tasks, mean),
        "Tasks",
    )


def task_pair(task: Json) -> Pair:
    """The bound is on the share retained, so it is drawn at that share of the score before."""
    bound = task.get("lowerBound")
    worst = None if bound is None else bound * task["before"]
    metric = task.get("metric")
    name = f"{task['name']} ({metric})" if metric else task["name"]
    return Pair(name, task["before"], task["after"], worst)


def task_table(tasks: list[Json], mean: Json | None) -> Markup:
    head = ("Task", "Metric", "Questions", "Before", "After", "Retained", "95 % bound", "Verdict")
    rows: list[tuple[object, ...]] = [
        (
            task["name"],
            task.get("metric", ""),
            count(task.get("questions")),
            percent(task["before"]),
            percent(task["after"]),
            percent(task.get("retained")),
            percent(task.get("lowerBound")),
            verdict(task.get("accepted")),
        )
        for task in tasks
    ]
    if mean:
        rows.append(("Mean", "", "", percent(mean["before"]), percent(mean["after"]), "", "", ""))
    return table("Tasks", head, rows)


def paired_bars(pairs: Iterable[Pair], top: float, show: Format) -> Markup:
    key = legend([("before", "before"), ("kept", "after"), ("bound", "95 % bound")])
    return join(key, *(pair_bars(pair, top or 1.0, show) for pair in pairs))


def pair_bars(pair: Pair, top: float, show: Format) -> Markup:
    """Two bars, and from the lower one a whisker to the bound."""
    ends = f"{show(pair.before)} before, {show(pair.after)} after"
    after = across(pair.after, top)
    drawing = tag(
        "svg",
        tag("rect", x=0, y=0, width=across(pair.before, top), height=11, class_="before"),
        tag("rect", x=0, y=13, width=after, height=15, class_="kept"),
        None if pair.worst is None else whisker(after, across(pair.worst, top)),
        class_="pair",
        height=28,
        role="img",
        aria_label=f"{pair.name}: {ends}",
    )
    return tag("div", tag("p", tag("strong", pair.name), f" {ends}"), drawing)


def whisker(start: str, end: str) -> Markup:
    return join(
        tag("line", x1=start, x2=end, y1=20.5, y2=20.5, class_="bound"),
        tag("line", x1=end, x2=end, y1=15, y2=26, class_="bound"),
    )


def across(value: float, top: float) -> str:
    return f"{100 * min(value / top, 1):.2f}%"
