"""Options of the verbs that judge models."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, final

import typer

from starcast.cli.groups import Group
from starcast.cli.options import Explain
from starcast.evaluation.list_size import LIST_SIZE, MAX_K

if TYPE_CHECKING:
    from starcast.evaluation.metrics import Relevance


@final
@dataclass(frozen=True, kw_only=True)
class Judging(Group):
    """How models are judged on the test rows."""

    k: Annotated[int, typer.Option("--k", "-k", min=1, max=MAX_K, help="Length of the lists.")] = (
        LIST_SIZE
    )
    relevant: Annotated[
        str,
        typer.Option(
            "--relevant",
            help="What a good list would hold: all test items, those rated above-mean (at or above "
            "the user's own mean), or those with a number of stars or more, such as 4.",
        ),
    ] = "above-mean"
    explain: Explain = False

    @cached_property
    def relevance(self) -> "Relevance":
        """The rule of relevance. Raises: UnknownNameError, ConfigError: it is none."""
        from starcast.evaluation.metrics import Relevance

        return Relevance.parse(self.relevant)
