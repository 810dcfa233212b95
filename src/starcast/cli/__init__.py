"""The command line: thin verbs over the library. Only here are argv, printing and environment."""

import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from typer import Abort
from typer.exceptions import TyperException

from starcast.cli.app import app
from starcast.cli.given import OF_2018
from starcast.cli.signals import SIGNALS
from starcast.display import printable
from starcast.engines.blas import spin_briefly
from starcast.errors import StarcastError, StarcastWarning


def main(argv: Sequence[str] | None = None, *, of_2018: bool = False) -> None:
    """Run one command; every error a user can cause is one line on stderr and a non-zero exit.

    Args:
        argv: what follows the program's name; that of this process if not given.
        of_2018: whether it is a command of the 2018 system, whose flags need not have an effect.
    """
    _prepare()
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    with SIGNALS.ending():
        _run(arguments, of_2018=of_2018)


def _run(arguments: list[str], *, of_2018: bool) -> None:
    try:
        era = OF_2018 if of_2018 else None
        status = app(args=arguments, prog_name="starcast", standalone_mode=False, obj=era)
        if SIGNALS.status:  # Typer has made a number of the interrupt
            raise SIGNALS.interrupt()
        sys.stdout.flush()  # here, where it can still be said that it cannot be written
        sys.exit(status)
    except TyperException as error:
        _fail(f"{error.format_message().rstrip('.')}; see --help", error.exit_code)
    except StarcastError as error:
        _fail(str(error), SIGNALS.status or 1)
    except (KeyboardInterrupt, Abort) as error:
        _fail(str(error) or "interrupted", SIGNALS.status or 130)
    except BrokenPipeError:  # the reader, such as `head`, has left; nobody is there to be told
        _exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}", 1)
    except MemoryError:
        _fail("not enough memory; use a smaller model, as by --dimension, or data set", 1)


def _prepare() -> None:
    """What libraries need to know of the process before they are imported."""
    if sys.stdout is None:  # closed by a caller who does not want to read
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a title that the terminal cannot show becomes ?
    warnings.showwarning = _in_one_line
    spin_briefly()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not any(os.access(place, os.W_OK) for place in (Path(__file__).parent, Path.home())):
        # Numba gives up where it can keep compiled code neither beside the source nor at home.
        os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir(), "starcast-numba")))


_as_python_does = warnings.showwarning


def _in_one_line(message: Any, category: Any, *more: Any, **named: Any) -> None:
    """Show a warning of ours as the errors are shown, and those of others as ever."""
    if issubclass(category, StarcastWarning):
        print(f"starcast: {printable(' '.join(str(message).split()))}", file=sys.stderr)
    else:
        _as_python_does(message, category, *more, **named)


def _fail(message: str, status: int) -> None:
    with suppress(OSError):  # of a terminal that was closed
        print(f"starcast: {printable(' '.join(message.split()))}", file=sys.stderr)
    _exit(status)


def _exit(status: int) -> None:
    """End with a status, also where what is still to be written cannot be."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(status)
