"""Two runs of one key at the same time: whatever one of them does, no manifest lies."""

from pathlib import Path
from typing import Any

import pytest

from stun.errors import StunError
from stun.manifest import MANIFEST
from stun.publish import remove_unpublished
from stun.storage import open_storage
from stun.storage.directory import DirectoryStorage
from tests.conftest import Stun


def remove(path: Path) -> None:
    path.unlink()


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def before_the_manifest(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    """Lets another run act on the folder after the listing was checked."""
    real = DirectoryStorage.put_new

    def put_new(storage: DirectoryStorage, name: str, data: bytes) -> bool:
        act(storage.root)
        return real(storage, name, data)

    monkeypatch.setattr(DirectoryStorage, "put_new", put_new)


@pytest.mark.parametrize("harm", [remove, shorten])
def test_a_manifest_without_its_shards_is_withdrawn(
    model: Path, recipe: dict[str, Any], tmp_path: Path, stun: Stun, harm: Any
) -> None:
    output = tmp_path / "out"
    with pytest.MonkeyPatch.context() as patch:
        before_the_manifest(patch, lambda root: harm(min(root.glob("*.safetensors"))))
        outcome = stun("prune", recipe, model=model, output=output)
    assert (outcome.code, outcome.termination["reason"]) == (3, "StorageUnavailable")
    assert "model-00001-of-00005.safetensors" in outcome.termination["message"]
    assert files(output) == []
    again = stun("prune", recipe, model=model, output=output)
    assert (again.code, again.termination["reused"]) == (0, False)
    assert stun("verify", model=again.answer["uri"]).code == 0


def test_the_manifest_of_another_run_is_not_withdrawn(
    model: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    stun: Stun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def publish_and_harm(root: Path) -> None:
        (root / MANIFEST).write_text("{}")
        min(root.glob("*.safetensors")).unlink()

    before_the_manifest(monkeypatch, publish_and_harm)
    outcome = stun("prune", recipe, model=model, output=tmp_path / "out")
    assert (outcome.code, outcome.termination["reason"]) == (3, "StorageUnavailable")
    assert {MANIFEST, "config.json"} <= set(files(tmp_path / "out"))


def test_a_failing_run_leaves_what_another_published(
    model: Path,
    recipe: dict[str, Any],
    tmp_path: Path,
    stun: Stun,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = stun("prune", recipe, model=model, output=tmp_path / "out")
    published = files(Path(whole.answer["uri"]))

    def fail(*_: object) -> None:
        raise StunError("StorageUnavailable", "Away.")

    # As if the other run had published after this one looked.
    monkeypatch.setattr("stun.commands.prune.find_published", lambda *_: None)
    monkeypatch.setattr("stun.publication.check_listing", fail)
    outcome = stun("prune", recipe, model=model, output=tmp_path / "out")
    assert outcome.code == 3
    assert files(Path(whole.answer["uri"])) == published
    assert stun("verify", model=whole.answer["uri"]).code == 0


def test_tidying_up_ends_when_another_run_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = open_storage(str(tmp_path), "output")
    names = ["a", "b", ".c.0.partial"]
    for name in names:
        (tmp_path / name).write_text("x")
    real = DirectoryStorage.delete

    def delete_and_publish(storage: DirectoryStorage, name: str) -> None:
        real(storage, name)
        (tmp_path / MANIFEST).write_text("{}")

    monkeypatch.setattr(DirectoryStorage, "delete", delete_and_publish)
    assert remove_unpublished(storage) == {"published": True, "removed": 1, "aborted": 0}
    assert files(tmp_path) == ["a", "b", MANIFEST]
    assert remove_unpublished(storage) == {"published": True, "removed": 0, "aborted": 0}
    assert files(tmp_path) == ["a", "b", MANIFEST]
