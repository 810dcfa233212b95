"""`--engine spark`: the verbs that work where the ratings lie."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, final

import typer

from starcast.cli import inputs
from starcast.cli import options as opt
from starcast.cli.answers import Answer
from starcast.cli.closing import closed
from starcast.cli.command_line import given
from starcast.cli.groups import Group
from starcast.cli.saving import keep, reserve
from starcast.errors import ConfigError, require_name

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.ids import Rows
    from starcast.engines.settings import Settings
    from starcast.engines.spark.fit import Fitted, Watched
    from starcast.engines.spark.session import Session
    from starcast.models import Model
    from starcast.training.loop import Observer

_PANEL = "Spark"


@final
@dataclass(frozen=True, kw_only=True)
class Cluster(Group):
    """Where work is done that is not done here."""

    master: Annotated[
        str | None,
        typer.Option(
            "--master",
            metavar="ADDRESS",
            help="Of Spark: local[*], spark://HOST:PORT, yarn, k8s://…, or sc://HOST:PORT for "
            "Spark Connect. [default: local[*]]",
            rich_help_panel=_PANEL,
        ),
    ] = None
    spark_config: Annotated[
        list[str] | None,
        typer.Option(
            "--spark-config",
            metavar="NAME=VALUE",
            help="A setting of Spark, as spark.executor.memory=8g; repeat for more.",
            rich_help_panel=_PANEL,
        ),
    ] = None

    @contextmanager
    def session(self) -> "Iterator[Session]":
        """Spark, for as long as the context lasts. Raises: ConfigError, DataError."""
        from starcast.engines.spark.session import LOCAL, opened

        settings = {}
        for one in self.spark_config or ():
            name, equals, value = one.partition("=")
            if not equals or not name.startswith("spark."):
                raise ConfigError(
                    f"--spark-config {one} is no setting of Spark; write spark.NAME=VALUE"
                )
            settings[name] = value
        with opened(self.master or LOCAL, settings) as session:
            yield session


@final
@dataclass(frozen=True, kw_only=True)
class AfarOptions(Group):
    """How a model is trained where its ratings lie."""

    work: Annotated[
        str | None,
        typer.Option(
            "--work",
            metavar="PLACE",
            help="A folder that all executors see, for what is under way: s3a://…, hdfs://… or a "
            "shared disk. Beside the model if Spark is on this machine.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    keep_users: Annotated[
        int | None,
        typer.Option(
            "--keep-users",
            min=1,
            metavar="N",
            help="Most users that the trained model holds; others are folded in from their "
            "ratings. As many as have 25 million ratings if not given.",
            rich_help_panel=_PANEL,
        ),
    ] = None


Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="compiled|spark",
        help="What does the work: this machine, or a cluster of Spark where the ratings lie.",
    ),
]
COMPILED, SPARK = "compiled", "spark"


def is_spark(engine: str, *options: Group) -> bool:
    """Whether Spark does the work.

    Args:
        engine: as given.
        options: of Spark alone; all None where it does nothing.
    Raises: UnknownNameError, ConfigError: there is no such engine, or options contradict.
    """
    if require_name("engine", engine, (COMPILED, SPARK)) == SPARK:
        return True
    for name, value in ((name, value) for one in options for name, value in vars(one).items()):
        if value is not None:
            flag = name.replace("_", "-")
            raise ConfigError(f"--{flag} is for --engine spark; give both, or leave it out")
    return False


def refuse_given(context: typer.Context, *names: str) -> None:
    """Refuse options that have no effect on Spark. Raises: ConfigError."""
    for name, flag in given(context):
        if name in names:
            raise ConfigError(f"{flag} has no effect with --engine spark; leave it out")


def train_there(
    context: typer.Context,
    model: "Model",
    config: "Settings",
    spark: "tuple[Cluster, AfarOptions]",
    data: opt.Data,
    split: opt.SplitOptions,
    out: Path,
    **how: Any,
) -> "tuple[Artifact, Answer]":
    """Train on Spark, and save a model like any other.

    Args:
        spark: which cluster, and how.
        how: fresh, refit, final, own_folder (the model's), and what `closed` takes as closing.
    """
    from starcast.cli import show
    from starcast.data.scale import RatingScale
    from starcast.data.split import SplitPlan
    from starcast.engines.spark.fit import Request, finish, fit
    from starcast.engines.spark.solvers import require_trainable
    from starcast.engines.spark.source import name_of
    from starcast.engines.spark.stages import clear, place_of

    cluster, afar = spark
    require_trainable(config)
    parents = ("init_from", "fresh_parents", "leaky_parents")
    refuse_given(context, "logs", "mlflow", "checkpoint_every", "test_ratings", *parents)
    own = data.own
    ratings: Any = own.ratings or inputs.load_ratings(data)
    folder = out / inputs.checked_folder_name(name_of(ratings)) / how["own_folder"]
    reserve(context, folder)
    shares: dict[str, Any] = {"test": split.test_share, "validation": split.validation_share}
    seed = split.seed if split.split_seed is None else split.split_seed
    request = Request(
        ratings=ratings,
        model=model.name,
        config=config,
        options=own.recognition.overrides,
        scale=RatingScale.parse(own.scale) if own.scale else None,
        items_path=own.items if own.ratings else None,
        plan=SplitPlan.parse(split.split or "hash", **shares, seed=seed),
        seed=split.seed,
        refit=how["refit"],
        final=how["final"],
        keep_users=afar.keep_users,
        fresh=how["fresh"],
        observe=_observers,
        tell=show.note,
    )
    with cluster.session() as session:
        place = place_of(session, afar.work, folder)
        fitted = fit(session, place, request)
        replaced = keep(fitted.artifact, folder)
        finish(session, place)
    if not afar.work:
        clear(place)
    _announce(fitted, folder)
    answer = closed(fitted.artifact, folder, how["closing"])
    return fitted.artifact, answer.told_also(replaced=replaced)


def _observers(run: "Watched") -> "Sequence[Observer]":
    from starcast.cli.show import console
    from starcast.training.observers import ConsoleObserver

    refit = ", refit (figures of training rows)" if run.is_refit else ""
    return [ConsoleObserver(console, f"{run.model.title} on Spark{refit}")]


def _announce(fitted: "Fitted", folder: Path) -> None:
    from starcast.cli.show import console, note

    artifact = fitted.artifact
    console.print(f"{artifact.reached}; saved to {folder}", soft_wrap=True)
    fingerprint = artifact.split.fingerprint[:12]
    console.print(f"split {artifact.split.scheme}; fingerprint {fingerprint}", end="\n\n")
    if not fitted.keeps_all:
        kept = artifact.split.ratings
        note(
            f"the model holds {kept.n_users:,} users and their {len(kept):,} ratings, and all "
            f"{kept.n_items:,} items; others are folded in from their ratings. Test RMSE over all "
            f"users, before a refit: {fitted.test['rmse']:.4f}"
        )


@contextmanager
def lists_there(
    cluster: Cluster, artifact: "Artifact", wish: Mapping[str, Any], by_stars: bool
) -> "Iterator[Callable[[Rows], Rows]]":
    """What makes lists of user rows on Spark, as `recommend` asks for them."""
    from starcast.engines.spark.listing import Wish, lists_of, require_listable

    require_listable(artifact)
    wanted = Wish(wish["k"], wish["exclude_seen"], by_stars)
    with cluster.session() as session:
        yield lambda rows: lists_of(session, artifact, rows, wanted)


@contextmanager
def judged_lists_there(
    cluster: Cluster, artifact: "Artifact"
) -> "Iterator[Callable[[Rows, int], Rows]]":
    """What makes lists of user rows and a length on Spark, as they are judged."""
    from starcast.engines.spark.listing import Wish, lists_of, require_listable

    judged = artifact.before_final()
    require_listable(judged)
    with cluster.session() as session:
        yield lambda rows, k: lists_of(session, judged, rows, Wish(k, settle_ties=False))
