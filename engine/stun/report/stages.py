"""Where the time went, and how fast the bytes moved."""

from stun.report.formats import Json, duration, rate, size
from stun.report.markup import Markup, join, tag
from stun.report.parts import figure, paragraph, section, table
from stun.report.quality import across


def stages_section(report: Json) -> Markup | None:
    stages = report.get("stages") or []
    if not stages:
        return None
    name = "Time per stage"
    return section(
        "stages",
        "Time",
        paragraph(reads_sentence(report)),
        figure(
            f"Time per stage, {total_time(stages)} in all", bars(stages), stage_table(stages), name
        ),
    )


def reads_sentence(report: Json) -> str:
    """How often the source was read, and at what speed bytes moved over all stages."""
    reads, times = report.get("reads"), "once"
    if reads is None:
        return "How often the source was read is not known."
    if reads != 1:
        times = f"{reads} times"
    read, written = report.get("bytesRead"), report.get("bytesWritten")
    if read is None or written is None:
        return f"The source was read {times}."
    speed = rate(read + written, sum(stage["seconds"] for stage in report["stages"]))
    return f"The source was read {times}: {size(read)} read, {size(written)} written, {speed}."


def total_time(stages: list[Json]) -> str:
    return duration(sum(stage["seconds"] for stage in stages))


def bars(stages: list[Json]) -> Markup:
    top = max(stage["seconds"] for stage in stages) or 1.0
    return join(*(stage_bar(stage, top) for stage in stages))


def stage_bar(stage: Json, top: float) -> Markup:
    spent = duration(stage["seconds"])
    drawing = tag(
        "svg",
        tag("rect", x=0, y=0, width=across(stage["seconds"], top), height=14, class_="kept"),
        class_="pair",
        height=14,
        role="img",
        aria_label=f"{stage['stage']}: {spent}",
    )
    return tag("div", tag("p", tag("strong", stage["stage"]), f" {spent}"), drawing)


def stage_table(stages: list[Json]) -> Markup:
    rows = ((stage["stage"], duration(stage["seconds"])) for stage in stages)
    return table("Time per stage", ("Stage", "Time"), rows)
