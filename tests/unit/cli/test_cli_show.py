"""Bars for long work, on terminals alone."""

from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from starcast.cli import show


@pytest.mark.parametrize(
    ("bar", "said"), [(show.judging, "judging x"), (show.fetching, "fetching x")]
)
@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_bar_shows_how_far_work_is(
    bar: Callable[[str], show.Bar], said: str, is_terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = StringIO()
    console = Console(
        file=written, force_terminal=is_terminal, force_interactive=is_terminal, width=100
    )
    monkeypatch.setattr(show, "errors", console)
    with bar("x") as told:
        told(2, 3)
    for text in (said, "2/3"):
        assert (text in written.getvalue()) == is_terminal
