"""How often the source is read: what each method promises."""

import json
from pathlib import Path

import pytest

from tests.conftest import Stun
from tests.tiny import make_recipe, save_mixtral

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
