"""Test figures over many splits: mean and standard error, as a page.

    python tools/repeat_splits.py --dataset ml-1m --model bayesian-factorization-model \
      --seeds 42,43,44,45,46 --out docs/splits/ml-1m-80-20.md --samples 512

One split says little: another choice of test rows moves the RMSE by more than most models differ.
A run that was ended goes on by the same command.

Every model is trained anew on every split, all choices are made on its validation rows, and its
test rows are opened once. What follows the tool's own options are settings of the training, by
their names on the command line of `starcast train`. A model can have settings of its own:

    --model "bayesian-factorization-model --likelihood gaussian" --model latent-factor-model --blend
"""

import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Any, NamedTuple

import typer
from finished_runs import FinishedRuns
from rich.console import Console

from starcast import models
from starcast.artifacts.artifact import Artifact
from starcast.cli.signals import SIGNALS
from starcast.data.load import divide, load
from starcast.data.split import Split, SplitPlan
from starcast.engines.setting_catalogue import SETTINGS
from starcast.errors import ConfigError, StarcastError, UnknownNameError
from starcast.evaluation.report import evaluate
from starcast.training.fit import fit
from starcast.training.stacking import blend

FOLDS = 5


class Recipe(NamedTuple):
    """What to call a model, its name, and what differs from its defaults."""

    title: str
    model: str
    settings: Mapping[str, Any]


class Run(NamedTuple):
    """One model on one split.

    Attributes:
        title: of the recipe.
        scheme, fingerprint: of the split.
        rmse, mae: on its test rows, stars.
    """

    title: str
    scheme: str
    fingerprint: str
    rmse: float
    mae: float


def main(
    context: typer.Context,
    dataset: Annotated[str, typer.Option(help="A data set by name.")] = "ml-latest-small",
    data_dir: Annotated[Path, typer.Option(help="Where data sets lie.")] = Path("datasets"),
    mirror: Annotated[str | None, typer.Option(envvar="STARCAST_MIRROR")] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="One, with settings of its own if any; repeat for more."),
    ] = None,
    split: Annotated[
        str, typer.Option(help="As in `starcast train`, or some with commas; kfold: all 5 folds.")
    ] = "random",
    seeds: Annotated[str, typer.Option(help="One split and one training for each.")] = "42",
    test_share: Annotated[float | None, typer.Option(help="Of the ratings; else 0.2.")] = None,
    validation_share: Annotated[float | None, typer.Option(help="Of the rest; else 0.1.")] = None,
    refit: Annotated[bool, typer.Option(help="Train again on validation rows too.")] = True,
    blended: Annotated[bool, typer.Option("--blend", help="Also a blend of the models.")] = False,
    out: Annotated[Path, typer.Option(help="The page.")] = Path("splits.md"),
) -> None:
    """Train on every split, and write means and standard errors of the test figures."""
    shared = parse_settings(context.args)
    recipes = [parse_recipe(text, shared) for text in model or ["latent-factor-model"]]
    for setting in shared:
        if not any(setting in recipe.settings for recipe in recipes):
            raise ConfigError(f"none of the models has a setting {setting}")
    if blended and len(recipes) < 2:
        raise ConfigError("a blend needs at least two models; repeat --model")
    if len({recipe.title for recipe in recipes}) < len(recipes):
        raise ConfigError("one model is given twice; give it other settings or leave it out")
    shares = {"test": test_share, "validation": validation_share}
    ratings, console = load(dataset, data_dir, mirror=mirror), Console(highlight=False)
    runs: list[Run] = []
    finished = FinishedRuns(out, command("repeat_splits", sys.argv[1:]))
    for plan in plans(split, seeds, shares):
        divided = divide(plan, ratings, data_dir)
        found = [Run(*row) for row in finished.found(divided, plan.seed)]
        fresh = on_split(divided, recipes, plan.seed, finished, refit=refit, blended=blended)
        before = len(runs)
        for run in found or fresh:
            runs.append(run)
            console.print(_line(run), soft_wrap=True)
        finished.add(divided, plan.seed, runs[before:])
        write(page(runs, repr(ratings), command("repeat_splits", sys.argv[1:])), out)
    finished.discard()
    console.print(f"\n{table(runs)}\n\nwritten to {out}", soft_wrap=True)


def parse_recipe(text: str, shared: Mapping[str, Any]) -> Recipe:
    """A model's name and its settings: its own, and those of all models that it has.

    Raises: StarcastError: there is no such model, or it has no such setting.

    >>> parse_recipe("bayesian-factorization-model --likelihood gaussian", {"kept": 9})[:2]
    ('Bayesian factor --likelihood gaussian', 'bayesian-factorization-model')
    """
    name, *words = shlex.split(text) or [""]
    model, own = models.find(name), parse_settings(words)
    settings = model.solvers.having({**shared, **own}) | own
    model.settings(**settings)  # a wrong one is told before the first hour
    return Recipe(" ".join([model.title, *words]), name, settings)


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Settings from words such as "--samples 512 --likelihood=gaussian".

    Raises: ConfigError, UnknownNameError: an option without a value, or that is no setting.

    >>> parse_settings(["--learning-rate", "0.01", "--layers", "[8,1]"])
    {'learning_rate': 0.01, 'layers': '[8,1]'}
    """
    words = [part for word in words for part in word.split("=", maxsplit=1)]
    if len(words) % 2:
        raise ConfigError(f"settings are written --name value; '{words[-1]}' stands alone")
    settings = {}
    for option, text in zip(words[::2], words[1::2], strict=True):
        name = option.removeprefix("--").replace("-", "_")
        if name not in SETTINGS:
            raise UnknownNameError("setting", option, [f"--{name}" for name in sorted(SETTINGS)])
        settings[name] = _value(name, text)
    return settings


def _value(name: str, text: str) -> Any:
    try:
        return SETTINGS[name].written(text)
    except ValueError:  # which the model refuses in words
        return text


def plans(split: str, seeds: str, shares: Mapping[str, float | None]) -> Iterator[SplitPlan]:
    """Every split with every seed; "kfold" alone stands for all its folds.

    >>> [str(plan) for plan in plans("official:u1", "1,2", {})]
    ['official:u1 validation=0.1 seed=1', 'official:u1 validation=0.1 seed=2']
    """
    folds = ",".join(f"kfold:{fold}/{FOLDS}" for fold in range(1, FOLDS + 1))
    texts = ",".join(folds if text == "kfold" else text for text in split.split(","))
    try:
        numbers = [int(seed) for seed in seeds.split(",")]
    except ValueError:
        raise ConfigError(f"'{seeds}' are no seeds; write numbers with commas, as 42,43") from None
    for seed, text in product(numbers, texts.split(",")):
        plan = SplitPlan.parse(text, test=shares.get("test"), validation=shares.get("validation"))
        yield replace(plan, seed=seed)  # which is that of the training, too


def on_split(
    split: Split,
    recipes: Sequence[Recipe],
    seed: int,
    finished: FinishedRuns,
    *,
    refit: bool,
    blended: bool,
) -> Iterator[Run]:
    """Train every model, and open the test rows for each; last for their blend, if wanted."""
    trained: list[Artifact] = []
    for recipe in recipes:
        config = models.find(recipe.model).settings(**recipe.settings)
        checkpoint = finished.checkpoint(split, recipe.title)
        model = fit(split, recipe.model, config, seed=seed, refit=refit, checkpoint=checkpoint)
        if model.broken_off:
            raise StarcastError(f"{recipe.title} on {split.scheme}: {model.broken_off}")
        finished.keep(model, checkpoint)
        trained.append(model)
        yield judged(recipe.title, trained[-1])
    if blended:
        yield judged(models.BLEND.title, blend(trained, seed=seed))


def judged(title: str, artifact: Artifact) -> Run:
    """The test figures of a model."""
    report, split = evaluate(artifact), artifact.split
    return Run(title, split.scheme, split.fingerprint[:12], report.rmse, report.mae)


def spread(values: Sequence[float]) -> str:
    """Mean ± standard error of the mean; the latter needs two values.

    >>> spread([0.80, 0.82]), spread([0.8])
    ('0.8100 ± 0.0100', '0.8000')
    """
    if len(values) < 2:
        return f"{values[0]:.4f}"
    return f"{fmean(values):.4f} ± {stdev(values) / len(values) ** 0.5:.4f}"


def table(runs: Sequence[Run]) -> str:
    """Markdown: a row per model."""
    lines = ["| model | test RMSE | test MAE | runs |", "|---|---|---|---|"]
    for title in dict.fromkeys(run.title for run in runs):
        rmse, mae = zip(*((run.rmse, run.mae) for run in runs if run.title == title), strict=True)
        lines.append(f"| {title} | {spread(rmse)} | {spread(mae)} | {len(rmse)} |")
    return "\n".join(lines)


def page(runs: Sequence[Run], data: str, command: str) -> str:
    """The whole page: means, the command, and every run."""
    rows = "\n".join(f"| {_line(run, ' | ')} |" for run in runs)
    return (
        f"# Over many splits\n\n{data}\n\n    {command}\n\n{table(runs)}\n\n"
        "Mean ± standard error over runs, in stars. Folds share training rows, and seeds of one "
        "official\nsplit share test rows, so that their standard errors are too small.\n\n"
        f"| model | split | fingerprint | RMSE | MAE |\n|---|---|---|---|---|\n{rows}\n"
    )


def command(tool: str, arguments: Sequence[str]) -> str:
    """What repeats this run, less where things lie here.

    >>> command("repeat_splits", ["--data-dir", "/somewhere", "--model", "latent-factor-model"])
    'python tools/repeat_splits.py --model latent-factor-model'
    """
    said = shlex.join(["python", f"tools/{tool}.py", *arguments])
    return re.sub(r" --(data-dir|mirror)[ =]('[^']*'|\S+)", "", said)


def write(text: str, out: Path) -> None:
    """Write the page, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f".{out.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(out)


def _line(run: Run, between: str = "  ") -> str:
    figures = (f"{run.rmse:.4f}", f"{run.mae:.4f}")
    return between.join((run.title, run.scheme, run.fingerprint, *figures))


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    for_training = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=for_training)(main)
    try:
        with SIGNALS.ending():
            app()
    except StarcastError as error:
        raise SystemExit(f"repeat_splits: {error}") from None
