"""What a verb answers with: printed for people, or as JSON for programs."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from typing import Any, NamedTuple, Self, final

import typer


def _nothing() -> None:
    pass


@final
class Answer(NamedTuple):
    """The result of a verb.

    Attributes:
        record: of it, for programs; whatever `plain` knows.
        show: prints it for people.
        status: what the process ends with.
    """

    record: Any
    show: Callable[[], None] = _nothing
    status: int = 0

    def told_also(self, **more: Any) -> Self:
        """The same with more to tell programs, of a record that is a mapping."""
        return self._replace(record=self.record | more)

    def give(self, *, as_json: bool) -> None:
        """Print it. Raises: typer.Exit: the process does not end with 0."""
        if as_json:
            typer.echo(json.dumps(plain(self.record), ensure_ascii=False, allow_nan=False))
        else:
            self.show()
        if self.status:
            raise typer.Exit(self.status)


def plain(value: Any) -> Any:
    """A value as JSON can hold it; what is no finite number becomes None.

    >>> from pathlib import Path
    >>> import numpy as np
    >>> plain({"rmse": np.float64(0.5), 7: (np.nan, Path("a/b")), "ids": np.arange(2)})
    {'rmse': 0.5, '7': [None, 'a/b'], 'ids': [0, 1]}
    """
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if hasattr(value, "tolist"):  # of NumPy
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    return str(value)
