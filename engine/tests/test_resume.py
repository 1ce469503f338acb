"""A killed run goes on behind its last finished layer, and nobody can tell from the result."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crashes import Parent, running_parent
from tests.minio import Minio
from tests.scenes import LAYERS, Recipe, Reference, Scene, digests, observe
from tests.tiny import make_recipe

BUCKET = "resume"
STAGES = (
    "Split", "Measure", "Prune", "shard", "journal", "index", "companions", "report", "manifest",
    "removal of journal",
)  # fmt: skip
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
        assert digests(scene.output) == whole.files, moment


def test_every_finished_layer_counts(
    on_disk: Callable[[Path], Scene], whole: Reference, tmp_path: Path
) -> None:
    """Killed as soon as the journal was replaced once, an attempt has finished one layer."""
    scene = on_disk(tmp_path)
    replaced = ("journal", whole.steps["journal"] // (3 * LAYERS))
    for attempt in range(3 * LAYERS):
        assert sum(scene.finished().values()) == attempt
        assert scene.run(replaced) == KILLED
    scene.run_to_the_end()
    assert digests(scene.output) == whole.files


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


@pytest.mark.parametrize("label", STAGES[1:])
def test_killed_on_s3(
    on_s3: Callable[[Path, int], Scene], whole_on_s3: Made, tmp_path: Path, label: str
) -> None:
    for number, every in enumerate((1, 2, 2)):
        whole = whole_on_s3[every]
        moment = whole.moments(label)[number % whole.steps[label]]
        scene = on_s3(tmp_path / str(number), every)
        assert scene.run(moment) == KILLED, moment
        scene.run_to_the_end()
        assert digests(scene.output) == whole.files, moment
