"""Where runs are logged: TensorBoard's folder, and MLflow's store or server."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, final

import typer

from starcast.cli import inputs
from starcast.cli.groups import Group
from starcast.data.store.address import has_secret, without_secrets
from starcast.errors import ConfigError

if TYPE_CHECKING:
    from starcast.artifacts.artifact import Artifact
    from starcast.data.split import Split
    from starcast.evaluation.report import Report
    from starcast.training.mlflow_store import MlflowStore

_PANEL = "Run"


@final
@dataclass(frozen=True, kw_only=True)
class Logging(Group):
    """Where runs are logged, and found again once their test ratings are opened."""

    logs: Annotated[
        Path,
        typer.Option("--logs", help="Where TensorBoard's logs are.", rich_help_panel=_PANEL),
    ] = Path("tf_logs")
    mlflow: Annotated[
        str | None,
        typer.Option(
            "--mlflow",
            metavar="URI",
            help="MLflow's store or server to log to as well, such as sqlite:///mlflow.db or "
            "http://host:5000. Passwords go into MLFLOW_TRACKING_PASSWORD.",
            rich_help_panel=_PANEL,
        ),
    ] = None

    def check(self) -> None:
        """Refuse a password, which everybody on the machine would see. Raises: ConfigError."""
        if self.mlflow is not None and has_secret(self.mlflow):
            raise ConfigError(
                f"{without_secrets(self.mlflow)}: passwords do not belong on a command line; take "
                "it out, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
                "MLFLOW_TRACKING_TOKEN"
            )

    def folder(self, split: "Split") -> Path:
        """That has a folder of TensorBoard for each run."""
        return self.logs / inputs.folder_name(split)

    def store(self, split: "Split") -> "MlflowStore | None":
        """MLflow's, with the data set for an experiment; None without --mlflow.

        Raises: ConfigError: MLflow is missing, or the store cannot be reached.
        """
        from starcast.training.mlflow_store import MlflowStore

        if self.mlflow is None:
            return None
        self.check()
        try:
            return MlflowStore(self.mlflow, inputs.folder_name(split))
        except OSError as error:
            raise ConfigError(f"cannot log to {self._told}: {error}") from None

    @cached_property
    def _told(self) -> str:
        return f"MLflow at {without_secrets(self.mlflow or '')}"

    def note_test(self, artifact: "Artifact", report: "Report") -> None:
        """Add the figures of test ratings to the rows of hyper-parameters of a model's run.

        Where the model's logs are not there, there is none to add to.
        """
        from starcast.cli.show import note
        from starcast.training.logged_runs import add_figures, key_of

        if artifact.config is None:
            return
        split = artifact.split
        key = key_of(split.fingerprint, artifact.model, artifact.config, artifact.seed)
        figures = {f"test/{name}": value for name, value in report.figures().items()}
        try:
            add_figures(self.folder(split), key, figures)
        except OSError as error:
            note(f"test figures are not in {self.logs}: {error.strerror or error}")
        try:
            store = self.store(split)
            if store and (run := store.latest(key)):
                store.note(run, figures)
        except (OSError, ConfigError) as error:
            note(f"test figures are not in {self._told}: {error}")
