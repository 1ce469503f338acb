"""When a signal stops a run: at once, behind its layer, or when patience ends."""

import signal

import pytest

from stun.errors import Interrupted
from stun.stopping import asked_to_stop, ending_layers_first

pytestmark = pytest.mark.usefixtures("obedient")


def test_it_stops_at_once_where_nothing_is_gained_by_waiting() -> None:
    with pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGTERM)
    assert not asked_to_stop()


def raise_inside(*numbers: signal.Signals) -> list[str]:
    """What came to be done where signals may wait; the run was stopped in the end."""
    done: list[str] = []
    try:
        with ending_layers_first():
            for number in numbers:
                signal.raise_signal(number)
                done.append("asked" if asked_to_stop() else "not asked")
            if len(numbers) == 1:
                signal.pause()
                done.append("nothing ended the wait")
    except Interrupted:
        done.append("stopped")
    assert not asked_to_stop()
    return done


def test_it_waits_for_the_layer() -> None:
    done: list[bool] = []
    with pytest.raises(Interrupted):
        end_a_layer(done)
    assert done == [False, True]


def end_a_layer(done: list[bool]) -> None:
    with ending_layers_first():
        done.append(asked_to_stop())
        signal.raise_signal(signal.SIGTERM)
        done.append(asked_to_stop())


def test_the_second_does_not_wait() -> None:
    assert raise_inside(signal.SIGTERM, signal.SIGINT) == ["asked", "stopped"]


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stun.stopping.PATIENCE", 0.5)
    assert raise_inside(signal.SIGTERM) == ["asked", "stopped"]


def test_nothing_is_left_of_a_request() -> None:
    with pytest.raises(Interrupted):
        end_a_layer([])
    assert not asked_to_stop()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
