"""The model card: valid front matter, the source's card kept, nothing but what the key decides."""

import copy
import json
from typing import Any

import pytest
from huggingface_hub import RepoCard

from stun.report import render_card
from tests.reports import dense_report, mixed_report, refused_report, report

SOURCE = """---
license: other
license_name: house
language: [en, no]
tags: [moe, "a: \\"b\\"", stun]
model-index: [{name: x}]
widget: [{text: hi}]
---
# The source

Written by its authors.
"""
PRUNED = {"library_name": "transformers", "pipeline_tag": "text-generation"}
NAMED = {"base_model": "tiny-mixtral", **PRUNED}
TAGS = {"tags": ["stun", "pruned"]}
FRONT_MATTER = {
    "carried over": (
        SOURCE,
        {
            **NAMED,
            "license": "other",
            "license_name": "house",
            "language": ["en", "no"],
            "tags": ["moe", 'a: "b"', "stun", "pruned"],
        },
    ),
    "no card": (None, {**NAMED, **TAGS}),
    "an empty card": ("", {**NAMED, **TAGS}),
    "no front matter": ("# Model\n", {**NAMED, **TAGS}),
    "the source's own task": (
        "---\npipeline_tag: image-text-to-text\n---\n",
        {**NAMED, "pipeline_tag": "image-text-to-text", **TAGS},
    ),
    "one tag": ("---\ntags: moe\n---\n", {**NAMED, "tags": ["moe", "stun", "pruned"]}),
    "another base": ("---\nbase_model: other/one\n---\n", {**NAMED, **TAGS}),
    "values of other types": (
        "---\nlicense: {a: b}\ntags: [1, moe]\n---\n",
        {**NAMED, "tags": ["moe", "stun", "pruned"]},
    ),
    "Norwegian": ("---\nlanguage: no\n---\n", {**NAMED, "language": "no", **TAGS}),
    "not YAML": ("---\na: [\n---\nText\n", {**NAMED, **TAGS}),
    "no mapping": ("---\n- a\n---\nText\n", {**NAMED, **TAGS}),
    "too deep": (f"---\na: {'[' * 600}\n---\n", {**NAMED, **TAGS}),
    "a name of the parser's own": ("---\nself: 1\n---\n", {**NAMED, **TAGS}),
    "Windows line ends": (
        "---\r\nlicense: mit\r\n---\r\nText",
        {**NAMED, "license": "mit", **TAGS},
    ),
    "a byte order mark": ("\ufeff---\nlicense: mit\n---\n", {**NAMED, "license": "mit", **TAGS}),
    "any character": (
        '---\nlicense: "\U0001f600 \\u0085 \\u2028 \\x7f é"\n---\n',
        {**NAMED, "license": "\U0001f600 \x85 \u2028 \x7f é", **TAGS},
    ),
}


@pytest.mark.parametrize(("source", "expected"), FRONT_MATTER.values(), ids=FRONT_MATTER.keys())
def test_front_matter(source: str | None, expected: dict[str, Any]) -> None:
    assert vars(RepoCard(render_card(report(), source)).data) == expected


def test_the_source_card_is_kept_word_for_word() -> None:
    card = render_card(report(), SOURCE)
    front, _, body = SOURCE.partition("# The source")
    assert card.endswith("# The source" + body)
    assert f"```yaml\n{front.strip()}\n```" in card
    assert render_card(report(), "Text ```` only").endswith("Text ```` only")


def test_a_fence_in_the_front_matter_does_not_end_its_block() -> None:
    card = render_card(report(), "---\nlicense: '````'\n---\nText")
    assert "\n`````yaml\n" in card


def other_run(found: dict[str, Any]) -> dict[str, Any]:
    """The same key at another place and time, judged by another gate."""
    moved = copy.deepcopy(found)
    moved |= {
        "uri": "file:///elsewhere/",
        "manifestDigest": "sha256:00",
        "quality": None,
        "stages": [],
        "reads": 9,
        "bytesRead": 1,
        "bytesWritten": 1,
        "split": None,
        "warnings": ["Other."],
        "limits": {},
    }
    moved["model"]["uri"] = "file:///another/place/tiny-mixtral"
    for layer in moved["layers"]:
        layer |= {"kurtosis": {}, "outlierRatio": None, "droppedLoad": None, "load": None}
    return moved


REPORTS = [report(), report(mean=True), dense_report(), refused_report(), mixed_report()]


@pytest.mark.parametrize("found", REPORTS)
def test_the_card_holds_only_what_the_run_key_decides(found: dict[str, Any]) -> None:
    card = render_card(found, SOURCE)
    assert card == render_card(json.loads(json.dumps(other_run(found))), SOURCE)


SENTENCES = {
    "experts": (report(), "16 of 32 experts stay in each layer; 65.00 % of"),
    "dense": (dense_report(), "It is a dense model; 65.00 % of"),
    "kept experts": (report(1, 4, 4), "| 0 | 0-3 | none | "),
    "means": (report(mean=True), "| 0, 11, 23; 1, 22; "),
    "a dense layer": (mixed_report(), "| 0 | dense | none | "),
    "the method": (report(), "| pruning.weights.method | OWL |"),
    "the calibration": (report(), "| calibration.digest | sha256:cdcd"),
    "the seed": (report(), "| calibration.seed | 0 |"),
    "transformers": (report(), "AutoModelForCausalLM.from_pretrained"),
    "vLLM": (report(), "vllm serve ."),
    "limits": (report(), "Zeros inside the weights save no GPU memory"),
    "quality": (report(), "`stun-report.html` beside this file"),
}


@pytest.mark.parametrize(("found", "sentence"), SENTENCES.values(), ids=SENTENCES.keys())
def test_the_card_says(found: dict[str, Any], sentence: str) -> None:
    assert sentence in render_card(found, None)


def test_zeros_are_measured_not_aimed_at() -> None:
    found = report(1)
    found["layers"][0] |= {"zeros": 1, "prunable": 4, "weightSparsity": 0.3}
    assert " | 25.00 % |" in render_card(found, None)


def test_arctic_is_not_said_to_load_in_transformers() -> None:
    found = report()
    found["model"]["architecture"] = "ArcticForCausalLM"
    assert "from_pretrained" not in render_card(found, None)


def test_no_calibration_is_no_rows() -> None:
    found = report()
    found["recipe"]["calibration"] = None
    assert "calibration." not in render_card(found, None)
