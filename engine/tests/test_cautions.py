"""What a report warns of: a sentence where it holds, and none where it does not."""

from pathlib import Path
from typing import Any

import pytest

from stun.report.cautions import moved_share
from tests.comparison import prune, read_report, recipe_of
from tests.conftest import Stun
from tests.families import CASES, save_family
from tests.oracle import Question

# Kept of 8 experts in 2 groups, the share that is in another group now.
MOVED = {
    "as many of each group": ([0, 3, 4, 7], 0.0),
    "all of the first group": ([0, 1, 2, 3], 0.5),
    "one more of the second": ([0, 4, 5, 6], 0.25),
    "all stay": (list(range(8)), 0.0),
}


@pytest.mark.parametrize(("kept", "share"), MOVED.values(), ids=MOVED)
def test_moved_share(kept: list[int], share: float) -> None:
    assert moved_share([kept], experts=8, groups=2) == share


def test_moved_share_is_that_of_all_layers() -> None:
    assert moved_share([[0, 1, 2, 3], [0, 3, 4, 7]], experts=8, groups=2) == 0.25


def warnings(
    stun: Stun, calibration: Path, folder: Path, name: str, ratio: float, **experts: object
) -> tuple[list[dict[str, Any]], str]:
    """The layers of a report and all its warnings."""
    source = save_family(CASES[name], folder / "model")
    recipe = recipe_of(Question(ratio, 0.6), calibration, **experts)
    report = read_report(prune(stun, recipe, source, folder / "out"))
    return report["layers"], "\n".join(report["warnings"])


def test_experts_that_change_their_routing_group(
    calibration: Path, tmp_path: Path, stun: Stun
) -> None:
    layers, said = warnings(stun, calibration, tmp_path, "DeepSeek-V3", 0.5)
    kept = [layer["kept"] for layer in layers if layer["moe"]]
    moved = sum((expert < 4) != (at < 2) for some in kept for at, expert in enumerate(some))
    assert moved > 0, "nothing to warn of"
    assert f"{moved / 8:.0%} of the kept experts are in another routing group" in said


def test_a_target_that_short_rows_miss(calibration: Path, tmp_path: Path, stun: Stun) -> None:
    """Rows of 32 and of 24 inputs lose whole entries only."""
    layers, said = warnings(stun, calibration, tmp_path, "Mixtral", 0.25)
    assert sum(layer["zeros"] for layer in layers) > 0
    assert "where targetSparsity asked for 0.6" in said


# The family, the share of experts removed, fields of experts; a part of the sentence, and
# whether it is said.
SAID: list[tuple[str, float, dict[str, Any], str, bool]] = [
    ("DeepSeek-V3", 0.0, {}, "routing group", False),
    ("Mixtral", 0.25, {}, "routing group", False),
    ("Mixtral", 0.25, {"reconstruct": "Always"}, "maxDroppedLoad cannot refuse", True),
    ("Mixtral", 0.25, {"reconstruct": "Never"}, "maxDroppedLoad cannot refuse", False),
    ("Mixtral", 0.0, {"reconstruct": "Always"}, "maxDroppedLoad cannot refuse", False),
]


@pytest.mark.parametrize(("name", "ratio", "experts", "part", "said"), SAID)
def test_said_where_it_holds(
    calibration: Path,
    tmp_path: Path,
    stun: Stun,
    name: str,
    ratio: float,
    experts: dict[str, Any],
    part: str,
    said: bool,
) -> None:
    _, found = warnings(stun, calibration, tmp_path, name, ratio, **experts)
    assert (part in found) is said
