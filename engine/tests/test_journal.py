"""When a later attempt may go on from the journal, when it must not, and what is left of it."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from stun.checkpoints import IDLE, JOURNAL
from stun.errors import Interrupted, StunError
from stun.families import Weights
from stun.passes.layer_pass import LayerPass
from stun.passes.measure import MeasurePass
from stun.passes.prune import PrunePass
from stun.passes.split import SplitPass
from stun.storage import open_storage
from stun.storage.s3_writer import SMALL
from tests.conftest import Outcome, Stun
from tests.minio import Minio
from tests.tiny import make_recipe, save_mixtral

BUCKET = "journal"
AWAY = StunError("StorageUnavailable", "Away.")
Recipe = dict[str, Any]


def contents(folder: Path) -> dict[str, bytes]:
    """Everything but the reports, which alone may hold times."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {p.name: p.read_bytes() for p in files if not p.name.startswith("stun-report.")}


@pytest.fixture
def layers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The layers that were worked on, in order."""
    done: list[str] = []
    for kind in (SplitPass, MeasurePass, PrunePass):
        monkeypatch.setattr(kind, "layer", noting(kind, done))
    return done


def noting(kind: type[LayerPass], done: list[str]) -> Callable[..., Weights]:
    real = kind.layer

    def layer(running: LayerPass, index: int, weights: Weights) -> Weights:
        done.append(f"{running.name} {index}")
        return real(running, index, weights)

    return layer


def fail_at(patch: pytest.MonkeyPatch, error: BaseException) -> None:
    """At the last layer of the pass that writes: two are finished then, one for certain."""
    real = PrunePass.layer

    def layer(running: PrunePass, index: int, weights: Weights) -> Weights:
        if index == 2:
            running.out.wait()
            raise error
        return real(running, index, weights)

    patch.setattr(PrunePass, "layer", layer)


@pytest.fixture
def place(model: Path, tmp_path: Path) -> dict[str, Any]:
    return {"model": model, "output": tmp_path / "out", "work": tmp_path / "work"}


@pytest.fixture
def begin(stun: Stun, recipe: Recipe, place: dict[str, Any]) -> Callable[..., Outcome]:
    """A run that ends at its last layer."""

    def run(error: BaseException = AWAY, **places: object) -> Outcome:
        with pytest.MonkeyPatch.context() as patch:
            fail_at(patch, error)
            return stun("prune", recipe, **{**place, **places})

    return run


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
    names = (".Prune-00002.safetensors.0123abcd.partial", ".journal.json.0123abcd.partial")
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
    seconds = json.loads((place["work"] / JOURNAL).read_text())["seconds"]
    assert {"Inspect", "Experts", "Weights"} <= seconds.keys()
    assert all(spent >= 0 for spent in seconds.values())


def edit_journal(work: Path, **changes: object) -> None:
    path = work / JOURNAL
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


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


def other_gate(recipe: Recipe, place: dict[str, Any]) -> None:
    recipe["quality"]["perplexity"]["samples"] = 9


def other_key(recipe: Recipe, place: dict[str, Any]) -> None:
    recipe["pruning"]["targetSparsity"] = 0.5


def other_limit(recipe: Recipe, place: dict[str, Any]) -> None:
    """The layers that are finished were not held against it."""
    recipe["pruning"]["experts"]["maxDroppedLoad"] = 0.9


def other_version(recipe: Recipe, place: dict[str, Any]) -> None:
    journal = json.loads((place["work"] / JOURNAL).read_text())
    journal["identity"]["versions"]["torch"] = "1.0"
    edit_journal(place["work"], identity=journal["identity"])


def other_device(recipe: Recipe, place: dict[str, Any]) -> None:
    """Two kinds of one type: their kernels may differ in the last bits."""
    journal = json.loads((place["work"] / JOURNAL).read_text())
    journal["identity"]["device"] = "NVIDIA A100-SXM4-80GB"
    edit_journal(place["work"], identity=journal["identity"])


def other_states(recipe: Recipe, place: dict[str, Any]) -> None:
    """Of another run that went on in the same place."""
    path = place["work"] / "Prune-00001.safetensors"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)


def half_a_journal(recipe: Recipe, place: dict[str, Any]) -> None:
    path = place["work"] / JOURNAL
    path.write_text(path.read_text()[:-9])


def lost_states(recipe: Recipe, place: dict[str, Any]) -> None:
    (place["work"] / "Prune-00001.safetensors").unlink()


def damage_states(place: dict[str, Any], change: Callable[[bytes], bytes]) -> None:
    """As a disk does that lost power: the time of the last change stays."""
    path = place["work"] / "Prune-00001.safetensors"
    before = path.stat()
    path.write_bytes(change(path.read_bytes()))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def short_states(recipe: Recipe, place: dict[str, Any]) -> None:
    damage_states(place, lambda data: data[:-1])


def empty_states(recipe: Recipe, place: dict[str, Any]) -> None:
    damage_states(place, lambda data: b"")


def states_without_header(recipe: Recipe, place: dict[str, Any]) -> None:
    damage_states(place, lambda data: data[:8] + b"x" * (len(data) - 8))


def lost_file(recipe: Recipe, place: dict[str, Any]) -> None:
    next(place["output"].rglob("model-00002-of-00005.safetensors")).unlink()


def short_file(recipe: Recipe, place: dict[str, Any]) -> None:
    path = next(place["output"].rglob("model-00002-of-00005.safetensors"))
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    "change",
    [
        other_gate,
        other_key,
        other_limit,
        other_version,
        other_device,
        other_states,
        half_a_journal,
        lost_states,
        short_states,
        empty_states,
        states_without_header,
        lost_file,
        short_file,
    ],
)
def test_it_starts_over_where_the_journal_does_not_fit(
    begin: Callable[..., Outcome],
    stun: Stun,
    recipe: Recipe,
    place: dict[str, Any],
    layers: list[str],
    tmp_path: Path,
    change: Callable[[Recipe, dict[str, Any]], None],
) -> None:
    begin()
    change(recipe, place)
    layers.clear()
    outcome = stun("prune", recipe, **place)
    assert outcome.code == 0
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


# Method, split, and how often the source is read.
READS = [("Wanda", "Manual", 1), ("Magnitude", "Manual", 1), ("OWL", "Manual", 2),
         ("Wanda", "Auto", 2), ("OWL", "Auto", 3)]  # fmt: skip


@pytest.fixture(scope="module")
def larger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Beside its layers, what is read more than once is nothing."""
    changes = {"hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 3}
    return save_mixtral(tmp_path_factory.mktemp("larger") / "larger", changes)


@pytest.mark.parametrize(("method", "split", "reads"), READS)
def test_the_source_is_read_as_often_as_promised(
    larger: Path,
    calibration: Path,
    gate: Path,
    tmp_path: Path,
    stun: Stun,
    method: str,
    split: str,
    reads: int,
) -> None:
    recipe = make_recipe(
        calibration,
        gate,
        weights={"method": method},
        split=split,
        experts={"maxDroppedLoad": 1, **({} if split == "Auto" else {"ratio": 0.25})},
    )
    outcome = stun("prune", recipe, model=larger, output=tmp_path / "out", work=tmp_path / "w")
    assert outcome.code == 0, outcome.termination
    report = json.loads(Path(outcome.answer["uri"], "stun-report.json").read_text())
    size = sum(path.stat().st_size for path in larger.glob("*.safetensors"))
    assert report["reads"] == reads
    assert 0.98 * reads * size <= report["bytesRead"] <= 1.01 * reads * size
