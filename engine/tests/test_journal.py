"""What a failed attempt leaves behind, and how the next one goes on from it."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from stun.checkpoints import IDLE, JOURNAL
from stun.errors import Interrupted, StunError
from stun.storage import open_storage
from stun.storage.s3_writer import SMALL
from tests.attempts import AWAY, Recipe, edit_journal, fail_at, read_journal
from tests.attempts import begin as begin
from tests.attempts import layers as layers
from tests.attempts import place as place
from tests.conftest import Outcome, Stun
from tests.minio import Minio

BUCKET = "journal"


# How a run ends: its exit code, and whether a later attempt can go on.
ENDINGS: dict[str, tuple[BaseException, int, bool]] = {
    "stopped": (Interrupted(), 143, True),
    "storage is away": (AWAY, 3, True),
    "a bug": (AssertionError("impossible"), 1, True),
    "a corrupt model": (StunError("ModelCorrupt", "Broken."), 2, False),
    "too much load": (StunError("DroppedLoadExceeded", "Much."), 4, False),
    "no GPU memory": (torch.OutOfMemoryError("CUDA out of memory"), 5, False),
}


@pytest.mark.parametrize(("error", "code", "kept"), ENDINGS.values(), ids=ENDINGS.keys())
@pytest.mark.usefixtures("direct")
def test_what_stays_of_a_failed_run(
    begin: Callable[..., Outcome], tmp_path: Path, error: BaseException, code: int, kept: bool
) -> None:
    assert begin(error).code == code
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()} - {"termination-log"}
    shards = {f"model-{number:05d}-of-00005.safetensors" for number in (1, 2, 3)}
    assert left == ({JOURNAL, "Prune-00001.safetensors", *shards} if kept else set())
    assert (tmp_path / "work").is_dir()


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted main ends its process; here it returns its exit code instead."""

    def leave(code: int) -> None:
        raise SystemExit(code)

    monkeypatch.setattr("stun.cli.os._exit", leave)
    monkeypatch.setattr("tests.conftest.main", lambda arguments: run_main(arguments))


def run_main(arguments: list[str]) -> int:
    from stun.cli import main

    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)


def test_the_next_run_does_the_rest(
    begin: Callable[..., Outcome],
    stun: Stun,
    recipe: Recipe,
    place: dict[str, Any],
    layers: list[str],
) -> None:
    begin()
    layers.clear()
    assert stun("prune", recipe, **place).code == 0
    assert layers == ["Prune 2"]
    assert list(place["work"].iterdir()) == []


def half_written(place: dict[str, Any]) -> list[Path]:
    """A file of each kind that an attempt may have been writing."""
    folder = next(place["output"].rglob("model-00001-of-00005.safetensors")).parent
    names = (".Prune-00002.safetensors.0123abcd.partial", ".stun-journal.json.0123abcd.partial")
    found = [place["work"] / name for name in (*names, "Measure-00001.safetensors")]
    return [*found, folder / ".model-00004-of-00005.safetensors.0123abcd.partial"]


def test_what_a_killed_attempt_was_writing_goes_before_new_files_need_the_room(
    begin: Callable[..., Outcome], place: dict[str, Any]
) -> None:
    begin()
    for path in half_written(place):
        path.write_text("half")
        os.utime(path, (0, time.time() - IDLE - 60))
    begin()
    assert [path for path in half_written(place) if path.exists()] == []


def test_what_another_run_of_the_key_is_writing_stays(
    begin: Callable[..., Outcome], place: dict[str, Any]
) -> None:
    """Until one of them is over; else each that starts would end the other, for ever."""
    begin()
    for path in half_written(place):
        path.write_text("half")
    begin()
    assert [path for path in half_written(place) if not path.exists()] == []


def test_uploads_of_another_run_of_the_key_go_on(
    stun: Stun, recipe: Recipe, model: Path, minio: Minio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    minio.client().create_bucket(Bucket="two-runs")
    output = "s3://two-runs/out"
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, AWAY)
        assert stun("prune", recipe, model=model, output=output).code == 3
        key = stun("inspect", recipe, model=model).answer["runKey"]
        storage = open_storage(f"{output}/tiny/{key}", "output")
        with storage.writer("model-00004-of-00005.safetensors", SMALL + 1) as other:
            other.write(bytes(SMALL))
            assert stun("prune", recipe, model=model, output=output).code == 3
            other.write(b"0")
    assert stun("prune", recipe, model=model, output=output).code == 0


def test_the_time_of_all_attempts_counts(
    begin: Callable[..., Outcome], stun: Stun, recipe: Recipe, place: dict[str, Any]
) -> None:
    begin()
    edit_journal(place["work"], seconds={"Split": 1000.0, "Weights": 2000.0})
    outcome = stun("prune", recipe, **place)
    seconds = {entry["stage"]: entry["seconds"] for entry in outcome.termination["stages"]}
    assert list(seconds)[:2] == ["Split", "Weights"]
    assert seconds["Split"] == 1000.0
    assert 2000.0 < seconds["Weights"] < 2100.0


def test_the_journal_holds_the_time_of_each_stage(
    begin: Callable[..., Outcome], place: dict[str, Any]
) -> None:
    begin()
    seconds = read_journal(place["work"])["seconds"]
    assert {"Inspect", "Experts", "Weights"} <= seconds.keys()
    assert all(spent >= 0 for spent in seconds.values())


FOREIGN = (
    "model-00001-of-00005.safetensors",
    "Model-00001.safetensors",
    "Prune-1.safetensors",
    "sub/Prune-00001.safetensors",
    ".model.safetensors.0123abcd.partial",
    "notes.partial",
)


@pytest.mark.parametrize("error", [AWAY, StunError("ModelCorrupt", "Broken.")])
def test_foreign_files_in_the_scratch_directory_stay(
    begin: Callable[..., Outcome],
    stun: Stun,
    recipe: Recipe,
    place: dict[str, Any],
    error: StunError,
) -> None:
    (place["work"] / "sub").mkdir(parents=True)
    for name in FOREIGN:
        (place["work"] / name).write_text(name)
    begin(error)
    assert stun("prune", recipe, **place).code == 0
    found = [path for path in place["work"].rglob("*") if path.is_file()]
    assert {str(path.relative_to(place["work"])) for path in found} == set(FOREIGN)


def test_clean_removes_the_checkpoint(
    stun: Stun,
    recipe: Recipe,
    model: Path,
    minio: Minio,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STUN_CHECKPOINT_EVERY", "1")
    minio.client().create_bucket(Bucket=BUCKET)
    output = f"s3://{BUCKET}/out"
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, AWAY)
        assert stun("prune", recipe, model=model, output=output).code == 3
    key = stun("inspect", recipe, model=model).answer["runKey"]
    prefix = f"out/tiny/{key}.checkpoint/"
    assert minio.names(BUCKET, prefix) == [prefix + "Prune-00001.safetensors", prefix + JOURNAL]
    # States too large for one request, in which the run was killed.
    storage = open_storage(f"s3://{BUCKET}/{prefix}", "output")
    storage.writer("Prune-00002.safetensors", 3 * SMALL).write(bytes(SMALL))
    stun("clean", model=model, output=output, run=key)
    assert minio.names(BUCKET) == []
    begun = minio.client().list_multipart_uploads(
        Bucket=BUCKET, Prefix=prefix + "Prune-00002.safetensors"
    )
    assert "Uploads" not in begun
