"""The folder of --work: where it may lie, whose files in it stay, and one run at a time."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stun.checkpoints import JOURNAL
from stun.errors import StunError
from stun.storage import open_storage
from stun.workplace import LOCK, sole_use
from tests.attempts import Recipe
from tests.attempts import begin as begin
from tests.attempts import place as place
from tests.conftest import Outcome, Stun


def in_the_source(place: dict[str, Any], result: Path) -> Path:
    return Path(place["model"]) / "work"


def the_source(place: dict[str, Any], result: Path) -> Path:
    return Path(place["model"])


def the_source_by_another_name(place: dict[str, Any], result: Path) -> Path:
    return Path(place["model"]) / ".." / Path(place["model"]).name


def in_the_result(place: dict[str, Any], result: Path) -> Path:
    return result / "work"


@pytest.mark.parametrize(
    "folder", [in_the_source, the_source, the_source_by_another_name, in_the_result]
)
def test_a_folder_where_others_files_lie_is_refused(
    stun: Stun,
    recipe: Recipe,
    place: dict[str, Any],
    folder: Callable[[dict[str, Any], Path], Path],
) -> None:
    key = stun("inspect", recipe, model=place["model"]).answer["runKey"]
    place["work"] = folder(place, place["output"] / "tiny" / key)
    before = sorted(Path(place["model"]).iterdir())
    outcome = stun("prune", recipe, **place)
    assert (outcome.code, outcome.termination["reason"]) == (2, "OutputConflict")
    assert f"--work {place['work']} lies in the" in outcome.termination["message"]
    assert sorted(Path(place["model"]).iterdir()) == before
    assert not place["output"].exists()


def test_a_folder_whose_name_begins_like_the_source_is_not(
    stun: Stun, recipe: Recipe, place: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "tiny").symlink_to(place["model"])
    place |= {"model": tmp_path / "tiny", "work": Path(f"{place['model']}-work")}
    assert stun("prune", recipe, **place).code == 0
    place["work"].rmdir()


@pytest.mark.parametrize("text", ["my notes", '{"identity": {}}', "[]"])
def test_another_file_by_the_name_of_the_journal_stays(
    stun: Stun, recipe: Recipe, place: dict[str, Any], text: str
) -> None:
    place["work"].mkdir()
    (place["work"] / JOURNAL).write_text(text)
    outcome = stun("prune", recipe, **place)
    assert (outcome.code, outcome.termination["reason"]) == (2, "OutputConflict")
    assert "is no journal of this engine" in outcome.termination["message"]
    assert [(path.name, path.read_text()) for path in place["work"].iterdir()] == [(JOURNAL, text)]


@pytest.mark.parametrize("name", [JOURNAL, LOCK])
def test_a_folder_by_the_name_of_a_file_of_the_run_stays(
    stun: Stun, recipe: Recipe, place: dict[str, Any], name: str
) -> None:
    (place["work"] / name).mkdir(parents=True)
    outcome = stun("prune", recipe, **place)
    assert (outcome.code, outcome.termination["reason"]) == (2, "OutputConflict")
    assert f"{name} is a folder where a file is meant" in outcome.termination["message"]
    assert list(place["work"].iterdir()) == [place["work"] / name]
    assert not list(place["output"].rglob("*.safetensors"))


def test_object_storage_is_no_scratch_folder(
    stun: Stun, recipe: Recipe, place: dict[str, Any]
) -> None:
    """It knows no lock, and two runs would remove each other's states."""
    outcome = stun("prune", recipe, **{**place, "work": "s3://bucket/scratch/"})
    assert (outcome.code, outcome.termination["reason"]) == (2, "RecipeInvalid")
    assert "--work s3://bucket/scratch/ is no folder" in outcome.termination["message"]


def test_the_second_of_two_runs_waits_its_turn(
    begin: Callable[..., Outcome], stun: Stun, recipe: Recipe, place: dict[str, Any]
) -> None:
    begin()
    before = {path: path.read_bytes() for path in place["work"].iterdir()}
    with sole_use(open_storage(str(place["work"]), "output")):
        outcome = stun("prune", recipe, **place)
        assert (outcome.code, outcome.termination["reason"]) == (3, "StorageUnavailable")
        assert f"Another run works in {place['work']}" in outcome.termination["message"]
        assert {path: path.read_bytes() for path in before} == before
    assert stun("prune", recipe, **place).code == 0


HOLD = """
import sys
from stun.storage import open_storage
from stun.workplace import sole_use
with sole_use(open_storage(sys.argv[1], "output")):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    storage = open_storage(str(tmp_path), "output")
    command = [sys.executable, "-P", "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StunError, match="Another run"), sole_use(storage):
            pass
        holder.kill()
    assert (tmp_path / LOCK).exists()
    with sole_use(storage):
        pass
    assert list(tmp_path.iterdir()) == []
