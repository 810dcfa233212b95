"""MLflow's tracking store or server: the one place that speaks to it.

Whatever fails is an OSError, as with any other place that observers write to. Credentials are
MLflow's to find: MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN.
"""

import logging
import math
import os
import re
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, final

from starcast.errors import ConfigError

_AT_ONCE = 900  # figures; a server takes 1,000
_KEY = "starcast.run"  # a tag
_LONGEST_WHY = 200  # characters of what it says is wrong
_LONGEST = 500  # characters of a setting
_OURS = {  # unless somebody has set them
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nothing is told to anybody else
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # else a server that is gone takes minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}


@final
class MlflowStore:
    """Runs of one experiment.

    Args:
        uri: of the store or server, such as "sqlite:///mlflow.db" or "http://host:5000".
        experiment: its name; made if it is not there.
    Raises: ConfigError: MLflow is not here. OSError: the store cannot be reached.
    """

    def __init__(self, uri: str, experiment: str) -> None:
        if find_spec("mlflow") is None:
            raise ConfigError("--mlflow needs MLflow, which is not here: pip install "
                              "'starcast[mlflow]'")  # fmt: skip
        for name, value in _OURS.items():
            os.environ.setdefault(name, value)
        with _as_os_error():
            from mlflow import MlflowClient

            logging.getLogger("mlflow").setLevel(logging.ERROR)  # it tells of tables it makes
            logging.getLogger("alembic").setLevel(logging.ERROR)
            self._client = MlflowClient(tracking_uri=uri)
            found = self._client.get_experiment_by_name(experiment)
            made = None if found else self._client.create_experiment(experiment)
            self._experiment = str(found.experiment_id if found else made)

    def begin(self, name: str, settings: Mapping[str, Any], key: str) -> str:
        """A run that now begins; its id.

        Args:
            name: of the run.
            settings: of it, its row in MLflow's table.
            key: that finds it again.
        """
        from mlflow.entities import Param

        params = [
            Param(one, str(value)[:_LONGEST])
            for one, value in settings.items()
            if value is not None
        ]
        with _as_os_error():
            run = self._client.create_run(self._experiment, run_name=name, tags={_KEY: key})
            self._client.log_batch(run.info.run_id, params=params)
        return str(run.info.run_id)

    def note(self, run: str, figures: Mapping[str, float], step: int = 0) -> None:
        """Figures of a run by name, those that are finite, at an epoch."""
        from mlflow.entities import Metric

        now = time.time_ns() // 1_000_000
        known = [
            Metric(_named(name), float(value), now, step)
            for name, value in figures.items()
            if math.isfinite(value)
        ]
        with _as_os_error():
            for start in range(0, len(known), _AT_ONCE):
                self._client.log_batch(run, metrics=known[start : start + _AT_ONCE])

    def end(self, run: str) -> None:
        """Note that a run has ended."""
        with _as_os_error():
            self._client.set_terminated(run)

    def latest(self, key: str) -> str | None:
        """The run with that key that began last; None if there is none."""
        with _as_os_error():
            found = self._client.search_runs(
                [self._experiment], f"tags.`{_KEY}` = '{key}'", max_results=1,
                order_by=["attributes.start_time DESC"],
            )  # fmt: skip
        return str(found[0].info.run_id) if found else None


def _named(name: str) -> str:
    """A figure's name as MLflow takes it.

    >>> _named("test/Catalogue NDCG@10")
    'test/Catalogue NDCG_at_10'
    """
    return re.sub(r"[^\w\-. /:]", "_", name.replace("@", "_at_"))


@contextmanager
def _as_os_error() -> Iterator[None]:
    """A context in which whatever MLflow says is wrong is an OSError of one line."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what it does with other packages
            yield
    except Exception as error:  # of several libraries: MLflow's, its HTTP client's, its database's
        raise OSError(" ".join(str(error).split())[:_LONGEST_WHY] or type(error).__name__) from None
