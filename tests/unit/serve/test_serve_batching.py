"""Quick answers are made one after another, each for who asked, and not too many in a row."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import Any

import pytest

from starcast.serve.batching import Batcher


def run(asking: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: in this one a browser that was driven before has a loop running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asking).result()


async def _turn() -> None:
    await asyncio.sleep(0)


def noted(notes: list[str], what: str) -> str:
    notes.append(what)
    return what


def test_everybody_gets_the_own_answer_in_the_order_of_asking() -> None:
    made: list[int] = []

    def answer(n: int) -> str:
        made.append(n)
        return f"list {n}"

    async def ask() -> list[str]:
        together = Batcher()
        return await asyncio.gather(*(together.make(answer, n) for n in range(1000)))

    assert run(ask()) == [f"list {n}" for n in range(1000)]
    assert made == list(range(1000))


def test_a_fault_reaches_who_asked_and_nobody_else() -> None:
    def broken() -> str:
        raise KeyError("no such film")

    async def ask() -> list[object]:
        together = Batcher()
        answers: list[Callable[[], str]] = [lambda: "one", broken, lambda: "three"]
        return await asyncio.gather(*map(together.make, answers), return_exceptions=True)

    one, fault, three = run(ask())
    assert (one, three) == ("one", "three")
    assert isinstance(fault, KeyError)


def test_what_is_given_up_is_not_made() -> None:
    made: list[str] = []

    async def ask() -> None:
        together = Batcher()
        given_up = asyncio.create_task(together.make(noted, made, "given up"))
        wanted = asyncio.create_task(together.make(noted, made, "wanted"))
        await _turn()  # both have asked
        given_up.cancel()
        await wanted
        with pytest.raises(asyncio.CancelledError):
            await given_up

    run(ask())
    assert made == ["wanted"]


class Clock:
    """Time that passes only where something is made."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def longest_row(seconds: float) -> int:
    """How many of a thousand answers, of so many seconds each, are made before others' turn."""
    clock, order = Clock(), list[str]()

    def answer() -> str:
        clock.now += seconds
        return noted(order, "list")

    async def other() -> None:
        while order.count("list") < 1000:
            order.append("other")
            await _turn()

    async def ask() -> None:
        together = Batcher(clock)
        await asyncio.gather(*(together.make(answer) for _ in range(1000)), other())

    run(ask())
    return max(len(list(row)) for what, row in groupby(order) if what == "list")


def test_others_have_their_turn_between_many() -> None:
    """However quick: sixteen in a row, whatever the clock says."""
    assert longest_row(0.0) == 16


@pytest.mark.parametrize(("milliseconds", "n"), [(0.9, 5), (1.9, 3), (4.1, 1), (500, 1)])
def test_others_have_their_turn_every_few_milliseconds(milliseconds: float, n: int) -> None:
    assert longest_row(milliseconds / 1000) == n


def test_one_alone_does_not_wait_for_company() -> None:
    async def ask() -> int:
        together, n_turns = Batcher(), 0
        asked = asyncio.create_task(together.make(lambda: "alone"))
        while not asked.done():
            await _turn()
            n_turns += 1
        return n_turns

    assert run(ask()) <= 4
