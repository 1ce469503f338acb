"""What a run that is refused leaves behind: a reason, a sentence, an exit code, nothing else."""

from pathlib import Path
from typing import Any

from tests.conftest import Stun


def refused(
    stun: Stun,
    reason: str,
    part: str,
    recipe: dict[str, Any],
    model: object,
    output: Path,
    **options: object,
) -> None:
    """Refused by prune, with nothing left at the output."""
    codes = {"QualityRefused": 4}
    outcome = stun("prune", recipe, model=model, output=output, **options)
    assert outcome.termination.get("reason") == reason, outcome.termination
    assert part in outcome.termination["message"]
    assert outcome.termination["message"].endswith(".")
    assert outcome.code == codes.get(reason, 2)
    assert outcome.answer == {}
    assert [path for path in output.rglob("*") if path.is_file()] == []
