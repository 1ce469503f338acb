"""When a later attempt may go on from the journal, and when it must not."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from stun.checkpoints import JOURNAL
from stun.journal_file import encode_journal
from stun.progress import Progress
from tests.attempts import Recipe, contents, edit_journal, read_journal
from tests.attempts import begin as begin
from tests.attempts import layers as layers
from tests.attempts import place as place
from tests.conftest import Outcome, Stun

STATES = "Prune-00001.safetensors"


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("threads")
def test_it_goes_on_with_the_threads_it_was_begun_with(
    begin: Callable[..., Outcome], stun: Stun, recipe: Recipe, place: dict[str, Any]
) -> None:
    begin()
    torch.set_num_threads(2)
    assert stun("prune", recipe, **place).code == 0
    assert torch.get_num_threads() == 1


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sentences on stderr that are no errors."""
    found: list[str] = []
    monkeypatch.setattr(Progress, "say", lambda _, sentence: found.append(sentence))
    return found


def other_gate(recipe: Recipe, place: dict[str, Any]) -> None:
    recipe["quality"]["perplexity"]["samples"] = 9


def other_key(recipe: Recipe, place: dict[str, Any]) -> None:
    recipe["pruning"]["targetSparsity"] = 0.5


def other_limit(recipe: Recipe, place: dict[str, Any]) -> None:
    """The layers that are finished were not held against it."""
    recipe["pruning"]["experts"]["maxDroppedLoad"] = 0.9


def other_version(recipe: Recipe, place: dict[str, Any]) -> None:
    journal = read_journal(place["work"])
    journal["identity"]["versions"]["torch"] = "1.0"
    edit_journal(place["work"], identity=journal["identity"])


def other_engine(recipe: Recipe, place: dict[str, Any]) -> None:
    """What it writes into a journal may have other names, or mean something else."""
    identity = read_journal(place["work"])["identity"]
    identity["journal"] -= 1
    (place["work"] / JOURNAL).write_bytes(encode_journal({"identity": identity}))


def no_journals_content(recipe: Recipe, place: dict[str, Any]) -> None:
    (place["work"] / JOURNAL).write_bytes(encode_journal({}))


def other_device(recipe: Recipe, place: dict[str, Any]) -> None:
    """Two kinds of one type: their kernels may differ in the last bits."""
    journal = read_journal(place["work"])
    journal["identity"]["device"] = "NVIDIA A100-SXM4-80GB"
    edit_journal(place["work"], identity=journal["identity"])


def damage(place: dict[str, Any], name: str, change: Callable[[bytes], bytes]) -> None:
    """As a disk does that lost power or flipped a bit: the time of the last change stays."""
    path = place["work"] / name
    before = path.stat()
    path.write_bytes(change(path.read_bytes()))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]


def flipped_journal(recipe: Recipe, place: dict[str, Any]) -> None:
    """Another expert is kept in it, and it is JSON as before."""
    damage(place, JOURNAL, lambda data: flip(data, data.index(b'"kept": [') + 9))


def half_a_journal(recipe: Recipe, place: dict[str, Any]) -> None:
    damage(place, JOURNAL, lambda data: data[:-9])


def zeroed_journal(recipe: Recipe, place: dict[str, Any]) -> None:
    damage(place, JOURNAL, lambda data: bytes(len(data)))


def empty_journal(recipe: Recipe, place: dict[str, Any]) -> None:
    damage(place, JOURNAL, lambda data: b"")


def lost_states(recipe: Recipe, place: dict[str, Any]) -> None:
    (place["work"] / STATES).unlink()


def flipped_states(recipe: Recipe, place: dict[str, Any]) -> None:
    damage(place, STATES, lambda data: flip(data, len(data) - 10))


def short_states(recipe: Recipe, place: dict[str, Any]) -> None:
    damage(place, STATES, lambda data: data[:-1])


def empty_states(recipe: Recipe, place: dict[str, Any]) -> None:
    damage(place, STATES, lambda data: b"")


def lost_file(recipe: Recipe, place: dict[str, Any]) -> None:
    next(place["output"].rglob("model-00002-of-00005.safetensors")).unlink()


def short_file(recipe: Recipe, place: dict[str, Any]) -> None:
    path = next(place["output"].rglob("model-00002-of-00005.safetensors"))
    path.write_bytes(path.read_bytes()[:-1])


def flipped_file(recipe: Recipe, place: dict[str, Any]) -> None:
    path = next(place["output"].rglob("model-00002-of-00005.safetensors"))
    data = path.read_bytes()
    path.write_bytes(flip(data, len(data) - 10))


@pytest.mark.parametrize(
    "change",
    [
        other_gate,
        other_key,
        other_limit,
        other_version,
        other_engine,
        no_journals_content,
        other_device,
        flipped_journal,
        half_a_journal,
        zeroed_journal,
        empty_journal,
        lost_states,
        flipped_states,
        short_states,
        empty_states,
        lost_file,
        short_file,
        flipped_file,
    ],
)
def test_it_starts_over_where_the_journal_does_not_fit(
    begin: Callable[..., Outcome],
    stun: Stun,
    recipe: Recipe,
    place: dict[str, Any],
    layers: list[str],
    tmp_path: Path,
    said: list[str],
    change: Callable[[Recipe, dict[str, Any]], None],
) -> None:
    begin()
    change(recipe, place)
    layers.clear()
    outcome = stun("prune", recipe, **place)
    assert outcome.code == 0
    assert [sentence.rpartition("; ")[2] for sentence in said] == ["the run starts over."]
    assert layers == ["Prune 0", "Prune 1", "Prune 2"]
    assert list(place["work"].iterdir()) == []
    fresh = stun("prune", recipe, model=place["model"], output=tmp_path / "fresh")
    assert contents(Path(outcome.answer["uri"])) == contents(Path(fresh.answer["uri"]))


def test_it_starts_over_with_other_calibration_of_the_same_key(
    begin: Callable[..., Outcome],
    stun: Stun,
    recipe: Recipe,
    place: dict[str, Any],
    layers: list[str],
) -> None:
    """No weight depends on it here, but the states of the dropped load do."""
    del recipe["quality"]
    recipe["pruning"]["weights"]["method"] = "Magnitude"
    begin()
    recipe["calibration"]["sequenceLength"] = 16
    layers.clear()
    assert stun("prune", recipe, **place).code == 0
    assert layers == ["Prune 0", "Prune 1", "Prune 2"]


def test_it_starts_over_where_the_result_was_cleaned(
    begin: Callable[..., Outcome],
    stun: Stun,
    recipe: Recipe,
    place: dict[str, Any],
    layers: list[str],
) -> None:
    begin()
    key = stun("inspect", recipe, model=place["model"]).answer["runKey"]
    stun("clean", model=place["model"], output=place["output"], run=key)
    layers.clear()
    assert stun("prune", recipe, **place).code == 0
    assert layers == ["Prune 0", "Prune 1", "Prune 2"]
