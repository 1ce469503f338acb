"""What `split: Auto` compared: how much of the target experts meet, and how much zeros."""

import math

from stun.quality import MOST_NATS
from stun.report.formats import Json, number, percent
from stun.report.markup import Markup
from stun.report.parts import paragraph, scroll, section, table

HEAD = ("Experts per layer", "Zeros in what stays", "Perplexity", "Largest dropped load", "")


def split_section(report: Json) -> Markup | None:
    tried = report.get("split")
    if not tried:
        return None
    name = "Divisions between experts and weights"
    return section(
        "split",
        name,
        paragraph(
            "All meet the target; the one with the lowest perplexity on calibration text that it "
            "was not pruned with was chosen, among those within the limit of dropped load."
        ),
        scroll(name, table(name, HEAD, (split_row(each, report) for each in tried))),
    )


def split_row(tried: Json, report: Json) -> tuple[object, ...]:
    return (
        tried["experts"],
        percent(tried["weightSparsity"]),
        number(math.exp(min(tried["loss"], MOST_NATS))),
        percent(tried["droppedLoad"]),
        "chosen" if tried["experts"] == report["expertsAfter"] else "",
    )
