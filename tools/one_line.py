"""How a tool is run: a fault of ours is one line that begins with the tool's name."""

from collections.abc import Callable

import typer

from starcast.errors import StarcastError


def run_tool(tool: str, main: Callable[..., None]) -> None:
    """Run the function of a tool with the options of the command line."""
    try:
        typer.run(main)
    except StarcastError as error:
        raise SystemExit(f"{tool}: {error}") from None
