"""Signals in this very process: which interrupt at once, which wait, and which are dropped."""

import signal
import time

import pytest

from starcast.cli.signals import Signals
from starcast.errors import Interrupted


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> Signals:
    """With a clock that stands still."""
    monkeypatch.setattr(time, "monotonic", lambda: 1.0)
    return Signals()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts_where_it_comes(signals: Signals, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with (
        signals.ending(),
        pytest.raises(Interrupted, match=f"^interrupted by {number.name}$"),
    ):
        signal.raise_signal(number)
    assert signals.status == 128 + number
    assert signal.getsignal(number) == before


def test_ctrl_c_is_a_plain_interrupt(signals: Signals) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with signals.ending(), pytest.raises(KeyboardInterrupt) as raised:
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
    assert str(raised.value) == ""
    assert signals.status == 130


def test_a_signal_waits_until_the_epoch_has_ended(signals: Signals) -> None:
    told = []

    def epoch() -> None:
        with signals.held_back() as waits:
            told.append(waits())
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)  # of a closed terminal, with the other
            told.append(waits())

    with signals.ending():
        with pytest.raises(Interrupted, match="SIGTERM"):
            epoch()
        assert told == [False, True]
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        with signals.held_back() as waits:
            assert not waits()
    assert signals.status == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGALRM])
def test_ctrl_c_and_some_seconds_end_the_waiting(signals: Signals, number: signal.Signals) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    told = []

    def epoch() -> None:
        with signals.held_back() as waits:
            signal.raise_signal(signal.SIGTERM)
            told.append(waits())
            signal.raise_signal(number)
            told.append(waits())  # not reached

    try:
        with signals.ending(), pytest.raises(Interrupted, match="SIGTERM"):
            epoch()
    finally:
        signal.signal(signal.SIGINT, before)
    assert told == [True]


def test_a_second_signal_does_not_end_the_end_and_a_late_one_does(
    signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []
    with signals.ending():
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGTERM)
        saved.append("weights")
        monkeypatch.setattr(time, "monotonic", lambda: 12.0)
        with pytest.raises(Interrupted, match="SIGTERM"):
            signal.raise_signal(signal.SIGTERM)
    assert saved == ["weights"]


def test_what_is_ignored_stays_so(signals: Signals) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.ending():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert signals.status == 0
