"""The verbs and their help."""

from typing import Annotated

import typer

from starcast.cli import (
    blend,
    compare,
    data,
    doctor,
    export,
    find,
    reasons,
    recommend,
    retrain,
    serve,
    store,
    train,
    tune,
    update,
    use,
)
from starcast.cli.given import SettingsCommand
from starcast.cli.verbs import VerbGroup, add


def _normalize(token: str) -> str:
    """Both spellings of a flag: --batch_size is --batch-size, and ---dimension is --dimension."""
    return token.lstrip("-").replace("_", "-")


app = typer.Typer(
    name="starcast",
    cls=VerbGroup,
    help="Train, compare, explain and serve recommenders learned from star ratings.",
    epilog="Start with 'starcast compare': every model on real ratings, one honest comparison.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"token_normalize_func": _normalize, "help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib import metadata

        typer.echo(f"starcast {metadata.version('starcast')}")
        raise typer.Exit


@app.callback()
def _starcast(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


_MODEL = "pretrained_models/ml-1m/item-item-model"

add(
    app, "compare", compare.compare,
    "starcast compare",
    "starcast compare --dataset ml-1m --models item-item-model,autoencoder-model --refit",
    "starcast compare --ratings ratings.csv --items films.csv --json",
    cls=SettingsCommand,
)  # fmt: skip
add(
    app, "train", train.train,
    "starcast train --dataset ml-1m --for lists --refit",
    "starcast train --ratings ratings.csv --model latent-factor-model --dimension 32",
    "starcast train --config pretrained_models/ml-1m/latent-factor-model/run.toml",
    cls=SettingsCommand,
)  # fmt: skip
add(
    app, "tune", tune.tune,
    "starcast tune --dataset ml-1m --model latent-factor-model --trials 60",
    "starcast tune --ratings ratings.csv --models item-item-model,implicit-factor-model "
    "--minutes 20 --jobs 2",
    "starcast tune --model autoencoder-model --dimension 128 --space regularization-factor=1:20",
    cls=SettingsCommand,
)  # fmt: skip
add(
    app, "blend", blend.blend,
    "starcast blend pretrained_models/ml-1m/bayesian-factorization-model "
    "pretrained_models/ml-1m/autoencoder-model",
)  # fmt: skip
add(app, "update", update.update, f"starcast update {_MODEL} --ratings since-yesterday.csv")
add(
    app, "retrain", retrain.retrain,
    "starcast retrain --store sqlite:///ratings.db --name shop --for lists",
)  # fmt: skip
add(app, "rollback", retrain.rollback, "starcast rollback shop", "starcast rollback shop --to 3")
add(
    app, "evaluate", use.evaluate,
    f"starcast evaluate {_MODEL}",
    "starcast evaluate --as-it-came --dataset ml-1m --model item-item-model",
)  # fmt: skip
add(
    app, "predict", use.predict,
    f"starcast predict {_MODEL} --user 1 --item 260 --item 'toy story'",
    f"starcast predict {_MODEL} --pairs pairs.csv --out predicted.parquet",
)  # fmt: skip
add(
    app, "recommend", recommend.recommend,
    f"starcast recommend {_MODEL} --user 1 -k 5 --json",
    f"starcast recommend {_MODEL} --rated 'toy story=5' --rated 1196=4.5",
    f"starcast recommend {_MODEL} --all --out lists.parquet --where 'year >= 1990'",
)  # fmt: skip
add(app, "explain", reasons.explain, f"starcast explain {_MODEL} --user 1 --item 'toy story'")
add(app, "similar", reasons.similar, f"starcast similar {_MODEL} --item 'toy story'")
add(app, "find", find.find, f"starcast find {_MODEL} star wars 4")
add(
    app, "serve", serve.serve,
    f"starcast serve --model {_MODEL}",
    f"starcast serve --model {_MODEL} --store sqlite:///ratings.db --port 8080",
    answers=False,
)  # fmt: skip
add(app, "doctor", doctor.doctor, "starcast doctor", "starcast doctor --json")
add(
    app,
    "export",
    export.export,
    "starcast export pretrained_models/ml-1m/latent-factor-model --format onnx --out exported",
)
app.add_typer(data.app, name="data")
app.add_typer(store.app, name="store")
