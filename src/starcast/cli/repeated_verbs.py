"""What `--repeat` means to each verb that has it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from starcast.cli import inputs
from starcast.cli.answers import Answer
from starcast.cli.command_line import given as given_options
from starcast.cli.judging import Judging
from starcast.cli.repeating import Again, Judged, Rows, repeat
from starcast.data.movielens.catalog import data_dir_of
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.cli.options import Data, SplitOptions
    from starcast.engines.settings import Settings
    from starcast.evaluation.repeats import Contestant, Judge
    from starcast.evaluation.repeats.cells import Blend


_OF_ONE_RUN = {
    "name", "keep", "logs", "mlflow", "verbose", "explain", "checkpoint_every", "final",
    "init_from", "fresh_parents", "leaky_parents",
}  # fmt: skip


def rows_of(data: "Data", options: "SplitOptions") -> Rows:
    """What the shared options describe."""
    ratings = inputs.load_ratings(data, options.test_ratings)
    return Rows(ratings, inputs.plan_of(options), options.seed, data.fetching.data_dir)


def rows_and_contestants(
    artifacts: "Sequence[Artifact]",
) -> "tuple[Rows, list[Contestant]]":
    """The ratings of trained models, divided anew, and they themselves, by their settings.

    Raises: ConfigError: a blend is among them, or one that has seen all rows.
    """
    from starcast.data.split import SplitPlan
    from starcast.evaluation.repeats import Contestant

    first = artifacts[0]
    for one in artifacts:
        one.require_test_of(first.split, f"repeat it with {first.model}")
    found = [Contestant.of(one) for one in artifacts]
    plan = SplitPlan.told(first.split.scheme)
    return Rows(first.split.ratings, plan, first.seed, data_dir_of()), found


def repeat_training(
    context: typer.Context,
    again: Again,
    rows: Rows,
    trained: "tuple[str, Settings, bool]",
    test: bool,
) -> Answer:
    """Repeat the training of a model, by name, settings and whether it is refitted.

    Validation rows judge it, and test rows if `test`.
    """
    from starcast.evaluation.repeats import Contestant

    judge, said = _judge(test)
    return repeat(context, again, rows, Judged([Contestant(*trained)], judge, said))


def repeat_judged(
    context: typer.Context,
    again: Again,
    rows: Rows,
    contestants: "Sequence[Contestant]",
    judging: Judging,
) -> Answer:
    """Repeat several models, judged as a comparison judges them."""
    from starcast.evaluation.repeats import by_test

    said = f"test, k {judging.k}, relevant {judging.relevant}"
    judge = by_test(judging.k, judging.relevance)
    return repeat(context, again, rows, Judged(contestants, judge, said))


def repeat_blend(
    context: typer.Context,
    again: Again,
    parts: "Sequence[Artifact]",
    seed: int,
    blend: "tuple[str, Blend]",
    test: bool,
) -> Answer:
    """Repeat a blend, by name and by what puts parts together, and its parts beside it."""
    rows, contestants = rows_and_contestants(parts)
    name, put_together = blend
    judge, said = _judge(test)
    judged = Judged(contestants, judge, f"{said}, with a {name}", put_together)
    return repeat(context, again, rows._replace(seed=seed), judged)


def _judge(test: bool) -> "tuple[Judge, str]":
    from starcast.evaluation.repeats import by_test, by_validation

    return (by_test(), "test") if test else (by_validation, "validation")


def refuse_with_repeat(context: typer.Context, *, is_spark: bool = False) -> None:
    """Refuse options that have no meaning where models are trained on many splits.

    Raises: ConfigError: one is given.
    """
    flags = [flag for name, flag in given_options(context) if name in _OF_ONE_RUN]
    for flag in [*flags, *["--engine spark"] * is_spark]:
        raise ConfigError(
            f"--repeat trains on splits of its own, one line for each, and keeps no model; leave "
            f"{flag} out"
        )
