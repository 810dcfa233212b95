"""The verbs and their help."""

from typing import Annotated

import typer

from starcast.cli import (
    blend,
    compare,
    data,
    export,
    reasons,
    recommend,
    retrain,
    serve,
    store,
    train,
    update,
    use,
)
from starcast.cli.given import SettingsCommand


def _normalize(token: str) -> str:
    """Both spellings of a flag: --batch_size is --batch-size, and ---dimension is --dimension."""
    return token.lstrip("-").replace("_", "-")


app = typer.Typer(
    name="starcast",
    help="Train, compare, explain and serve recommenders learned from star ratings.",
    epilog="Start with 'starcast compare': every model on real ratings, one honest comparison.",
    no_args_is_help=True,
    add_completion=False,
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


app.command("compare", cls=SettingsCommand)(compare.compare)
app.command("train", cls=SettingsCommand)(train.train)
app.command("blend")(blend.blend)
app.command("update")(update.update)
app.command("retrain")(retrain.retrain)
app.command("rollback")(retrain.rollback)
app.command("evaluate")(use.evaluate)
app.command("predict")(use.predict)
app.command("recommend")(recommend.recommend)
app.command("explain")(reasons.explain)
app.command("similar")(reasons.similar)
app.command("serve")(serve.serve)
app.command("export")(export.export)
app.add_typer(data.app, name="data")
app.add_typer(store.app, name="store")
