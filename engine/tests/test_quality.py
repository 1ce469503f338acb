"""The gate's arithmetic on losses worked out by hand."""

import math

import pytest
import torch

from stun.errors import StunError
from stun.quality import as_json, check_accepted, compare

LENGTH = 11  # ten scored tokens


def losses(*each: float) -> torch.Tensor:
    return torch.tensor([10 * value for value in each], dtype=torch.float64)


def test_increase_is_that_of_the_perplexities() -> None:
    change = compare(losses(2.0, 4.0), losses(2.1, 4.1), LENGTH)
    assert change.before == pytest.approx(math.exp(3.0))
    assert change.after == pytest.approx(math.exp(3.1))
    assert change.increase == pytest.approx(change.after / change.before - 1)
    assert change.tokens == 20


def test_the_bound_needs_only_the_noise_of_the_difference() -> None:
    """Hard and easy text in one set say nothing about the change when all change alike."""
    alike = compare(losses(1.0, 9.0), losses(1.1, 9.1), LENGTH)
    assert alike.upper_bound == pytest.approx(alike.increase)
    unlike = compare(losses(1.0, 9.0), losses(1.0, 9.2), LENGTH)
    assert unlike.upper_bound == pytest.approx(math.expm1(0.1 + 1.6448536 * 0.1))


def test_a_ruined_model_is_refused() -> None:
    change = as_json(compare(losses(1.0, 2.0), losses(900.0, 5000.0), LENGTH), 0.05)
    assert math.isfinite(change["after"])
    with pytest.raises(StunError) as refused:
        check_accepted(change, 0.05)
    assert refused.value.reason == "QualityRefused"


GATE = [(0.0, False), (0.12, False), (0.31, True), (None, True)]


@pytest.mark.parametrize(("most", "accepted"), GATE)
def test_the_bound_decides(most: float | None, accepted: bool) -> None:
    """An increase of 0.105 with a bound of 0.303."""
    change = as_json(compare(losses(1.0, 9.0), losses(1.0, 9.2), LENGTH), most)
    assert change["accepted"] is accepted
    if accepted:
        check_accepted(change, most)
    else:
        with pytest.raises(StunError, match=r"above maxIncrease .* Remove fewer"):
            check_accepted(change, most)


def test_a_loss_that_is_no_number_is_the_models_fault() -> None:
    with pytest.raises(StunError, match="no number"):
        compare(losses(1.0, 2.0), losses(1.0, math.nan), LENGTH)
