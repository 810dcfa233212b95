"""What a search needs beside Starcast."""

from importlib.util import find_spec

from starcast.errors import ConfigError


def require_optuna() -> None:
    """Refuse to search without Optuna. Raises: ConfigError: it is not here."""
    if find_spec("optuna") is None:
        raise ConfigError("tuning needs Optuna, which is not here: pip install 'starcast[tune]'")
