"""The command line: thin verbs over the library. Only here are argv, printing and environment."""

import os
import sys
from collections.abc import Sequence

from starcast.cli.app import app
from starcast.errors import StarcastError

__all__ = ["app", "main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; every error a user can cause is one line on stderr and a non-zero exit."""
    from typer._click.exceptions import Abort, ClickException

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        status = app(args=argv, standalone_mode=False)
    except ClickException as error:
        _fail(error.format_message(), 2)
    except StarcastError as error:
        _fail(str(error), 1)
    except (KeyboardInterrupt, Abort):
        _fail("interrupted; nothing was written", 130)
    except BrokenPipeError:  # the reader, such as `head`, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"{where}{error.strerror or error}", 1)
    except MemoryError:
        _fail("not enough memory; use a smaller --dimension or data set", 1)
    else:
        sys.exit(status if isinstance(status, int) else 0)


def _fail(message: str, status: int) -> None:
    print(f"starcast: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(status)
