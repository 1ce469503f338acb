"""Every family against the plain whole-model oracle: same experts, same masks, same logits."""

from pathlib import Path

import pytest

from tests.comparison import Pair
from tests.conftest import Stun
from tests.families import CASES, save_family
from tests.oracle import Question


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("families")
    return {
        name: save_family(case, root / str(number))
        for number, (name, case) in enumerate(CASES.items())
    }


@pytest.mark.parametrize("method", ["Wanda", "OWL"])
@pytest.mark.parametrize("name", CASES)
def test_engine_equals_oracle(
    saved: dict[str, Path], calibration: Path, tmp_path: Path, stun: Stun, name: str, method: str
) -> None:
    case = CASES[name]
    unused = "model.layers.3." if case.further else "no name has this"
    output = tmp_path / "out"
    pair = Pair(stun, saved[name], calibration, output, auto=case.auto, unused=unused)
    ratio = (0.5 if method == "Wanda" else 0.25) if case.experts else 0.0
    pair.compare(Question(ratio, 0.6, method, m=3.0))
