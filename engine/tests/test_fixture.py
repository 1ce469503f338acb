"""The stored model is what its card says: trained, balanced, and of the size the demo needs."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from fixture import measure, store
from fixture.moe import Shape

FIXTURE = Path(__file__).parents[1] / "fixture"
MODEL = FIXTURE / "model"
HELD_OUT = FIXTURE / "data/heldout.jsonl"
CALIBRATION = FIXTURE / "data/calibration.jsonl"


@cache
def facts() -> measure.Facts:
    torch.set_num_threads(1)
    return measure.facts(MODEL, HELD_OUT)


def claimed(row: str) -> list[float]:
    line = next(line for line in (MODEL / "README.md").read_text().splitlines() if row in line)
    return [float(number) for number in re.findall(r"\d+\.\d+", line)]


def test_it_learned_more_than_word_frequencies() -> None:
    assert facts().held_out_loss <= facts().unigram_loss - 1.5


def test_no_expert_is_idle() -> None:
    assert min(facts().smallest_load) >= 0.25


def test_dense_needs_four_of_the_demos_cards_and_three_quarters_of_its_experts_two() -> None:
    assert 9.85 * measure.MIB <= facts().served_bytes <= 11.25 * measure.MIB


def test_it_is_small_enough_to_ship() -> None:
    assert facts().file_bytes <= 12_000_000


@pytest.mark.parametrize(
    ("row", "measured"),
    [
        ("unigram loss", lambda: [facts().unigram_loss]),
        ("held-out loss", lambda: [facts().held_out_loss]),
        ("smallest expert load", lambda: facts().smallest_load),
        ("weights and KV cache", lambda: [facts().served_bytes / measure.MIB]),
    ],
)
def test_the_card_tells_what_is_measured(row: str, measured: object) -> None:
    assert callable(measured)
    assert claimed(row) == pytest.approx(measured(), abs=0.02)


@pytest.mark.parametrize("path", [CALIBRATION, HELD_OUT], ids=["calibration", "held-out"])
def test_documents_are_many_long_and_few_bytes(path: Path) -> None:
    rows = measure.encode(measure.read_documents(path), MODEL, Shape().context)
    assert len(rows) >= 64
    assert min(len(row) for row in rows) > 128
    assert path.stat().st_size <= 300_000


def test_held_out_text_is_not_calibration_text() -> None:
    held_out = set(measure.read_documents(HELD_OUT))
    assert held_out.isdisjoint(measure.read_documents(CALIBRATION))


def test_transformers_loads_it_and_computes_the_same() -> None:
    shape = Shape()
    model = AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    row = measure.encode(measure.read_documents(HELD_OUT), MODEL, shape.context)[0][None]
    with torch.inference_mode():
        ours, _ = store.load(MODEL, shape)(row)
        theirs = model(row).logits
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-3)


def test_transformers_reads_the_tokenizer() -> None:
    text = json.loads(HELD_OUT.read_text().splitlines()[0])["text"]
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
