"""What is done of a long command that repeats, so that the same command goes on."""

import json
from pathlib import Path
from typing import Any, final

from starcast.cli.answers import plain
from starcast.disk.replacement import replace_file
from starcast.errors import ConfigError

_REMEDY = "remove it, or give --fresh, to start over"


@final
class FinishedCells:
    """The figures of repeats that are done, in a file beside the page until that is written.

    Args:
        path: of the file.
        identity: of the repeats; those of others are refused.
        fresh: start over.
    Raises: ConfigError: it holds repeats of something else, or is damaged.
    """

    def __init__(self, path: Path, identity: dict[str, Any], *, fresh: bool) -> None:
        self._path, self._identity = path, identity
        self.figures: dict[str, dict[str, Any]] = {}
        if fresh or not path.exists():
            return
        try:
            told = json.loads(path.read_text("utf-8"))
            theirs, self.figures = told["identity"], dict(told["figures"])
            for one in self.figures.values():
                _check(one)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise ConfigError(f"{path} is damaged ({error}); {_REMEDY}") from None
        if theirs != identity:
            raise ConfigError(f"{path} holds repeats of something else; {_REMEDY}")

    def add(self, key: str, told: dict[str, Any]) -> None:
        """One more is done."""
        self.figures[key] = told
        with replace_file(self._path) as fresh:
            text = json.dumps({"identity": self._identity, "figures": plain(self.figures)})
            fresh.write_text(text, encoding="utf-8")

    def discard(self) -> None:
        """The page is written."""
        self._path.unlink(missing_ok=True)


def _check(told: Any) -> None:
    """Raises: ValueError, AttributeError: it is not what is kept of a repeat."""
    figures = [value for of_model in told["figures"].values() for value in of_model.values()]
    is_figures = all(value is None or type(value) in (int, float) for value in figures)
    texts = type(told["split"]), type(told["fingerprint"])
    if not (is_figures and texts == (str, str) and type(told["test_per_train"]) is float):
        raise ValueError("it holds what is no repeat")
