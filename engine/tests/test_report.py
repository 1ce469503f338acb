"""The page: well-formed, self-contained, small, and nothing in a report becomes markup."""

import json
import re
import zlib
from base64 import b64decode
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from stun.experts.registry import METHODS
from stun.report import render_html
from stun.report.build import settle
from stun.report.fate import fates
from stun.report.formats import duration, ids, short_count, size
from stun.report.image import png
from stun.report.plots import ticks
from stun.report.quality import quality_section
from stun.report.words import WORDS
from tests.reports import (
    bare_report,
    dense_report,
    mixed_report,
    refused_report,
    report,
)

REPORTS = {
    "experts and weights": report(),
    "means of experts": report(mean=True),
    "dense": dense_report(),
    "refused": refused_report(),
    "nothing measured": bare_report(),
    "some layers dense": mixed_report(),
    "one layer, one expert": report(1, 1, 1),
}
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
VOID = {"meta", "br"}


class Page(HTMLParser):
    """Fails on a tag that does not match; collects what a test asks about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, key, value in self.attributes if key == name]

    def words(self) -> str:
        return " ".join(" ".join(self.text).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.mark.parametrize("found", REPORTS.values(), ids=REPORTS.keys())
def test_every_report_becomes_a_well_formed_page(found: dict[str, Any]) -> None:
    page = Page(render_html(found))
    assert page.tags["script"] == 0
    pictures = [attrs for tag, attrs, _ in page.attributes if tag == "svg"]
    assert pictures.count("role") == pictures.count("aria-label") == page.tags["svg"]
    assert page.tags["details"] == page.tags["figure"] == page.tags["figcaption"]
    assert len(set(page.values("id"))) == len(page.values("id"))


@pytest.mark.parametrize("found", REPORTS.values(), ids=REPORTS.keys())
def test_nothing_is_loaded_from_anywhere(found: dict[str, Any]) -> None:
    text = render_html(found)
    page = Page(text)
    loads = page.values("src") + page.values("href")
    assert all(value.startswith("data:image/png;base64,") for value in loads)
    assert not re.search(r"@import|url\(|https?://", text)
    assert "default-src 'none'" in page.values("content")[0]


def poisoned(value: Any) -> Any:
    """The report with markup in place of every text in it."""
    if isinstance(value, dict):
        return {key: poisoned(each) for key, each in value.items()} | {EVIL: EVIL}
    if isinstance(value, list):
        return [poisoned(each) for each in value]
    return value + EVIL + "\x00\ud800" if isinstance(value, str) else value


@pytest.mark.parametrize("found", [report(), dense_report()], ids=["experts", "dense"])
def test_no_text_becomes_markup(found: dict[str, Any]) -> None:
    clean, page = Page(render_html(found)), Page(render_html(poisoned(found)))
    assert page.tags["script"] == page.tags["img"] == 0
    assert {name for _, name, _ in page.attributes} == {name for _, name, _ in clean.attributes}
    assert page.words().count("<script>") > 10
    render_html(poisoned(found)).encode()


def test_equal_reports_give_equal_bytes() -> None:
    found = report()
    assert render_html(found) == render_html(json.loads(json.dumps(found)))


def test_the_largest_report_stays_small() -> None:
    text = render_html(report(94, 128, 32))
    assert len(text.encode()) < 5_000_000
    assert text.count("data:image/png") == 94


def test_layers_are_left_out_only_when_the_page_says_so() -> None:
    found = report(1, 128, 64)
    found["layers"] = [{**found["layers"][0], "layer": i} for i in range(200)]
    text = render_html(found)
    assert text.count("data:image/png") == 100
    assert "Shown are 100 of 200 layers" in text


def by(method: str) -> dict[str, Any]:
    found = report()
    found["recipe"]["pruning"]["experts"]["method"] = method
    return found


SENTENCES = {
    "accepted": (report(), "Accepted: no measure is past a limit"),
    "refused": (
        refused_report(),
        "Refused, past the recipe's limit: perplexity, hellaswag, dropped load of layers 0-3",
    ),
    "not measured": (bare_report(), "Quality was not measured"),
    "no quality data": (bare_report(), "nothing is known of this model's quality"),
    "zeros save nothing": (dense_report(), "Zeros inside the experts save no GPU memory"),
    "bytes": (report(), "13.7 GB \N{RIGHTWARDS ARROW} 6.88 GB"),
    "perplexity and its bound": (report(), "12.31 \N{RIGHTWARDS ARROW} 12.93 +5.07 %, at most"),
    "a warning": (report(), "similarity.coactivation is above 0"),
    "the limit": (report(), "the dashed line is the limit, 60.0 %"),
    "what the load is told by": (report(), "Shares of 32,768 calibration tokens"),
    "a limit of the gate": (report(), "limits.maxIncrease 0.05"),
    "speed of the run": (report(), "read 2 times: 27.6 GB read, 7.1 GB written, 0.159 GB/s."),
    "the split": (report(), "16 45.0 % 12.3 57.0 % chosen 24 58.0 % 13.87 31.0 %"),
    "who stands for whom": (report(), "Layer 0, expert 0: dropped, group of expert 11"),
    "who stands for whom, as a table": (report(), "30-31 11 for 0, 23; 1 for 22;"),
    "that a kept one stands for them": (by("Medoids"), "the expert that stands for it there"),
    "who is nearest": (by("REAP"), "Layer 0, expert 0: dropped, nearest kept expert 11"),
    "that the nearest takes nothing over": (by("Random"), "was not kept for that and takes"),
    "a method of another release": (by("Later"), "the expert that stands for it there"),
    "means": (report(mean=True), "Layer 0, expert 0: averaged over experts 0, 11, 23"),
    "the most alike": (report(), "0.55 "),
}


@pytest.mark.parametrize(("found", "sentence"), SENTENCES.values(), ids=SENTENCES.keys())
def test_the_page_says(found: dict[str, Any], sentence: str) -> None:
    assert sentence in Page(render_html(found)).words()


def test_where_experts_are_kept_for_themselves_none_stands_for_another() -> None:
    words = Page(render_html(by("Frequency"))).words()
    for claim in (
        "stands for",
        "group of expert",
        "more than one",
        "merged",
        "11 for 0",
        "kept for 1 more",
    ):
        assert claim not in words, claim
    assert "11 nearest to 0, 23" in words


def test_every_method_has_words_of_its_own() -> None:
    assert WORDS.keys() == METHODS.keys()


@pytest.mark.parametrize(("bound", "lines"), [(0.5, 2), (0.0, 2), (None, 0)])
def test_a_bound_is_drawn_where_there_is_one(bound: float | None, lines: int) -> None:
    found = report()
    task = {**found["quality"]["tasks"][0], "lowerBound": bound}
    found["quality"] = {"tasks": [task]}
    section = Page(quality_section(found))
    assert section.values("class").count("bound") == lines


def test_the_map_has_a_cell_for_every_expert() -> None:
    found = report(3, 8, 4)
    page = Page(render_html(found))
    cells = [text for text in page.text if re.match(r"Layer \d, expert \d: ", text)]
    assert len(cells) == 24
    assert sum(": kept" in cell for cell in cells) == 12


GROUPS = {
    "a kept member": ([0, 2], 2, {0: ("dropped", 2), 2: ("kept", 2)}),
    "a mean stands under the lowest": ([1, 3], None, {1: ("averaged", 1), 3: ("averaged", 1)}),
    "a mean of one is that one": ([4], None, {4: ("kept", 4)}),
}


@pytest.mark.parametrize(("members", "kept", "expected"), GROUPS.values(), ids=GROUPS.keys())
def test_fate_of_a_group(
    members: list[int], kept: int | None, expected: dict[int, tuple[str, int]]
) -> None:
    found = fates({"groups": [{"members": members, "kept": kept}]})
    assert {i: (fate.state, fate.into) for i, fate in found.items()} == expected


SETTLED = {
    "the member that the weights chose": (None, False, 2),
    "the member that the method chose": (2, False, 2),
    "the mean": (None, True, None),
    "a chosen member where others are means": (2, True, 2),
}


@pytest.mark.parametrize(("kept", "mean", "expected"), SETTLED.values(), ids=SETTLED.keys())
def test_a_group_names_the_member_that_it_kept(
    kept: int | None, mean: bool, expected: int | None
) -> None:
    found = settle([{"members": [0, 2], "kept": kept}], [1, 2], mean)
    assert found == [{"members": [0, 2], "kept": expected}]


def test_png_pixels_are_the_levels_of_the_matrix() -> None:
    data = png(np.array([[0.0, 1.0, 0.5], [2.0, -1.0, 0.0]]))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start])
    pixels = zlib.decompress(data[start + 4 : start + 4 + length])
    assert list(pixels) == [0, 0, 63, 32, 0, 63, 0, 0]
    crc = int.from_bytes(data[start + 4 + length : start + 8 + length])
    assert crc == zlib.crc32(data[start : start + 4 + length])


def test_alike_experts_are_bright() -> None:
    found = report(1, 3, 2)
    layer = found["layers"][0]
    layer["groups"] = [{"members": [0, 2], "kept": 0}, {"members": [1], "kept": 1}]
    layer["similarity"] = [[0, 1.5, 0.5], [1.5, 0, 1.5], [0.5, 1.5, 0]]
    image = next(v for v in Page(render_html(found)).values("href") if v.startswith("data:"))
    data = b64decode(image.partition(",")[2])
    start = data.index(b"IDAT")
    # Reordered to 0, 2, 1: a bright block of two, and expert 1 dark but for itself.
    assert list(zlib.decompressobj().decompress(data[start + 4 :])) == [
        *(0, 63, 63, 0),
        *(0, 63, 63, 0),
        *(0, 0, 0, 63),
    ]


FORMATS = {
    "bytes": (size(999), "999 B"),
    "decimal": (size(13_838_323_712), "13.8 GB"),
    "rounds up to the next unit": (size(999_600), "1 MB"),
    "nothing": (size(0), "0 B"),
    "seconds": (duration(59.94), "59.9 s"),
    "minutes": (duration(59.96), "1 min 0 s"),
    "hours": (duration(3725), "1 h 2 min"),
    "billions": (short_count(6_784_000_000), "6.78 B"),
    "millions": (short_count(5_260_416), "5.26 M"),
    "runs of ids": (ids([0, 1, 2, 5, 7, 8]), "0-2, 5, 7-8"),
    "no ids": (ids([]), ""),
}


@pytest.mark.parametrize(("shown", "expected"), FORMATS.values(), ids=FORMATS.keys())
def test_numbers_read_well(shown: str, expected: str) -> None:
    assert shown.replace("\N{NO-BREAK SPACE}", " ") == expected


TICKS = {
    "a share": (0, 0.53, [0, 0.2, 0.4, 0.6]),
    "narrow": (3.1, 3.3, [3.1, 3.15, 3.2, 3.25, 3.3]),
    "all zero": (0, 0, [0, 0.2]),
    "all equal": (4.0, 4.0, [4.0, 5.0]),
    "below zero": (-1.2, 0.4, [-1.5, -1.0, -0.5, 0.0, 0.5]),
}


@pytest.mark.parametrize(("low", "high", "expected"), TICKS.values(), ids=TICKS.keys())
def test_ticks_are_round_and_enclose(low: float, high: float, expected: list[float]) -> None:
    assert ticks(low, high) == pytest.approx(expected)
