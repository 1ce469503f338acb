"""A killed run goes on behind its last finished layer, and nobody can tell from the result."""

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stun.signing import check_contents, read_public_key
from stun.storage import open_storage
from tests.crashes import Parent, running_parent
from tests.minio import Minio
from tests.scenes import LAYERS, Recipe, Reference, Scene, observe
from tests.signing import Keys, write_keys
from tests.tiny import make_recipe, save_mixtral

BUCKET = "resume"
STAGES = (
    "Split", "Measure", "Prune", "shard", "writing shard", "closing shard", "journal",
    "writing journal", "closing journal", "index", "companions", "report", "manifest",
    "removal of journal",
)  # fmt: skip
DIRECTORY_ONLY = ("writing", "closing")
ON_S3 = [label for label in STAGES if label != "Split" and not label.startswith(DIRECTORY_ONLY)]
PASSES = ("Split", "Measure", "Prune")
KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def parent() -> Iterator[Parent]:
    with running_parent() as found:
        yield found


@pytest.fixture(scope="module")
def auto(calibration: Path, gate: Path) -> Recipe:
    """All three passes."""
    experts = {"reconstruct": "Selective", "kappa": 3, "maxDroppedLoad": 1}
    return make_recipe(calibration, gate, split="Auto", weights={"method": "OWL"}, experts=experts)


@pytest.fixture(scope="module")
def on_disk(parent: Parent, model: Path, auto: Recipe) -> Callable[[Path], Scene]:
    def make(folder: Path) -> Scene:
        (folder / "work").mkdir(parents=True)
        output = str(folder / "out")
        return Scene(parent, folder, str(model), auto, output, folder / "work")

    return make


@pytest.fixture(scope="module")
def whole(on_disk: Callable[[Path], Scene], tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return observe(on_disk(tmp_path_factory.mktemp("whole")))


@pytest.mark.parametrize("label", STAGES)
def test_killed_on_a_directory(
    on_disk: Callable[[Path], Scene], whole: Reference, tmp_path: Path, label: str
) -> None:
    for moment in whole.moments(label):
        scene = on_disk(tmp_path / str(moment[1]))
        assert scene.run(moment) == KILLED, moment
        scene.run_to_the_end()
        assert scene.digests() == whole.files, moment


def test_killed_without_a_journal(
    on_disk: Callable[[Path], Scene], whole: Reference, tmp_path: Path
) -> None:
    """Then it starts over, and what the killed attempt was writing goes all the same."""
    scene = on_disk(tmp_path)
    scene.work = None
    for moment in whole.moments("writing shard"):
        assert scene.run(moment) == KILLED, moment
    scene.run_to_the_end()
    assert scene.digests() == whole.files


def test_every_finished_layer_counts(
    on_disk: Callable[[Path], Scene], whole: Reference, tmp_path: Path
) -> None:
    """Killed as soon as the journal was replaced once, an attempt has finished one layer."""
    scene = on_disk(tmp_path)
    replaced = ("closing journal", whole.steps["closing journal"] // (3 * LAYERS))
    for attempt in range(3 * LAYERS):
        assert sum(scene.finished().values()) == attempt
        assert scene.passes_with_states() <= {PASSES[attempt // LAYERS]}
        assert scene.run(replaced) == KILLED
    scene.run_to_the_end()
    assert scene.digests() == whole.files


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return write_keys(tmp_path_factory.mktemp("keys") / "own")


@pytest.mark.parametrize("label", ["signature", "manifest"])
def test_killed_while_signing(
    on_disk: Callable[[Path], Scene], whole: Reference, tmp_path: Path, keys: Keys, label: str
) -> None:
    """Every attempt's signature differs; the one that is shown is of the manifest beside it."""

    def signing(folder: Path) -> Scene:
        options = ("--signing-key", str(keys.private), "--public-key", str(keys.public))
        return replace(on_disk(folder), options=options)

    for moment in observe(signing(tmp_path / "whole")).moments(label):
        scene = signing(tmp_path / str(moment[1]))
        assert scene.run(moment) == KILLED, moment
        scene.run_to_the_end()
        found = scene.digests()
        (signature,) = found.keys() - whole.files.keys()
        assert {name: found[name] for name in whole.files} == whole.files, moment
        storage = open_storage(f"{scene.output}/{signature.rpartition('/')[0]}", "output")
        check_contents(storage, read_public_key(str(keys.public)))


@pytest.fixture(scope="module")
def bucket(minio: Minio, model: Path) -> Minio:
    minio.client().create_bucket(Bucket=BUCKET)
    minio.upload(model, BUCKET, "source/tiny/")
    return minio


@pytest.fixture
def s3(bucket: Minio, monkeypatch: pytest.MonkeyPatch) -> Minio:
    """The environment of a pod, for the test itself too."""
    for name, value in bucket.environment().items():
        monkeypatch.setenv(name, value)
    return bucket


@pytest.fixture(scope="module")
def on_s3(
    parent: Parent, bucket: Minio, calibration: Path, gate: Path
) -> Callable[[Path, int], Scene]:
    """With a checkpoint after every so many layers."""
    recipe = make_recipe(calibration, gate, weights={"method": "OWL"})

    def make(folder: Path, every: int) -> Scene:
        folder.mkdir(exist_ok=True)
        output = f"s3://{BUCKET}/{folder.parent.name}/{folder.name}/"
        environment = {**bucket.environment(), "STUN_CHECKPOINT_EVERY": str(every)}
        source = f"s3://{BUCKET}/source/tiny/"
        return Scene(parent, folder, source, recipe, output, None, environment)

    return make


Made = dict[int, Reference]


@pytest.fixture
def whole_on_s3(s3: Minio, on_s3: Callable[[Path, int], Scene], tmp_path: Path, made: Made) -> Made:
    for every in (1, 2):
        if every not in made:
            made[every] = observe(on_s3(tmp_path / f"whole-{every}", every))
    return made


@pytest.fixture(scope="module")
def made() -> Made:
    return {}


@pytest.mark.parametrize("label", ON_S3)
def test_killed_on_s3(
    on_s3: Callable[[Path, int], Scene], whole_on_s3: Made, tmp_path: Path, label: str
) -> None:
    for number, every in enumerate((1, 2, 2)):
        whole = whole_on_s3[every]
        moment = whole.moments(label)[number % whole.steps[label]]
        scene = on_s3(tmp_path / str(number), every)
        assert scene.run(moment) == KILLED, moment
        scene.run_to_the_end()
        assert scene.digests() == whole.files, moment


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its layers are published in three parts each."""
    changes = {"hidden_size": 128, "intermediate_size": 1200}
    return save_mixtral(tmp_path_factory.mktemp("large") / "large", changes)


@pytest.mark.usefixtures("s3")
def test_killed_in_a_multipart_upload(
    parent: Parent, bucket: Minio, large: Path, calibration: Path, tmp_path: Path
) -> None:
    recipe = make_recipe(calibration, None, weights={"method": "Magnitude"})

    def make(name: str) -> Scene:
        (tmp_path / name).mkdir()
        output = f"s3://{BUCKET}/large/{name}/"
        environment = {**bucket.environment(), "STUN_CHECKPOINT_EVERY": "2"}
        return Scene(parent, tmp_path / name, str(large), recipe, output, None, environment)

    whole = observe(make("whole"))
    for moment in whole.moments("multipart"):
        scene = make(str(moment[1]))
        assert scene.run(moment) == KILLED, moment
        scene.run_to_the_end()
        assert scene.digests() == whole.files, moment
        assert uploads(bucket, scene) == []


def uploads(bucket: Minio, scene: Scene) -> list[str]:
    """Those that are open; MinIO tells of them only who names the key."""
    prefix = scene.output.removeprefix(f"s3://{BUCKET}/")
    answers = [
        bucket.client().list_multipart_uploads(Bucket=BUCKET, Prefix=prefix + name)
        for name in scene.names()
    ]
    return [upload["Key"] for answer in answers for upload in answer.get("Uploads", [])]


STOPPED = ("Split", "Measure", "Prune", "writing shard", "writing journal", "companions", "report")


@pytest.mark.parametrize("label", STOPPED)
def test_told_to_stop(
    on_disk: Callable[[Path], Scene], whole: Reference, tmp_path: Path, label: str
) -> None:
    for moment in whole.moments(label):
        scene = on_disk(tmp_path / str(moment[1]))
        assert scene.run(moment, signal.SIGTERM) == 143, moment
        said = json.loads((scene.folder / "termination").read_text())
        assert (said["kind"], said["reason"]) == ("Error", "Interrupted")
        scene.run_to_the_end()
        assert scene.digests() == whole.files, moment


def test_a_stopped_run_writes_its_checkpoint_first(
    on_s3: Callable[[Path, int], Scene], whole_on_s3: Made, tmp_path: Path
) -> None:
    """Told to stop in its second layer, long before the next checkpoint is due."""
    scene = on_s3(tmp_path / "stopped", 100)
    assert scene.run(("Prune", 3), signal.SIGTERM) == 143
    assert scene.finished() == {"Measure": LAYERS, "Prune": 2}
    scene.run_to_the_end()
    assert scene.digests() == whole_on_s3[1].files


def test_two_at_once(on_disk: Callable[[Path], Scene], whole: Reference, tmp_path: Path) -> None:
    scene = on_disk(tmp_path)
    codes = scene.parent.run(scene.attempt(), scene.attempt())
    assert set(codes) <= {0, 3}, codes
    scene.run_to_the_end()
    assert scene.digests() == whole.files
