"""The models that answer, and newer ones that take their place."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from starcast.artifacts.replacement import MANIFEST
from starcast.errors import StarcastError
from starcast.serve.api_errors import LOG, ApiError
from starcast.serve.served_model import ServedModel, by_name

Stamp = tuple[int, int, int]
"""Inode, time of change and size of a manifest: artifacts are replaced whole, by renaming."""


@final
class ModelStore:
    """ServedModel models by name; the first folder's is the default.

    A request takes a model once and keeps it to its end, whatever is swapped meanwhile.

    Args:
        folders: of artifacts.
    Raises: ArtifactError, ConfigError: one cannot be loaded, or two share a name.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._stamps = [_stamp(folder) for folder in folders]
        self._in_order = [ServedModel(folder) for folder in folders]
        self._models = by_name(self._in_order, folders)
        self._lock = threading.Lock()
        self.loaded_at = time.time()
        self.n_reloads = self.n_refused = 0

    def find(self, name: str | None = None) -> ServedModel:
        """A model by name, or the default. Raises: ApiError: there is none of that name."""
        model_store = self._models
        if name is None:
            return next(iter(model_store.values()))
        if name not in model_store:
            said = f"no model '{name}' here; loaded: {', '.join(model_store)}"
            raise ApiError(404, "unknown_model", said, list(model_store))
        return model_store[name]

    def cards(self) -> dict[str, Any]:
        """What `/models` says."""
        model_store: Mapping[str, ServedModel] = self._models
        default = next(iter(model_store))
        cards = [one.card(is_default=name == default) for name, one in model_store.items()]
        return {"models": cards}

    def warm_up(self) -> None:
        """Make what is made once, before anybody waits for it."""
        for one in self._in_order:
            one.warm_up()

    def refresh(self, *, everything: bool = False) -> None:
        """Load what lies newer in the folders, and swap it in; what is damaged is not taken.

        Args:
            everything: load all anew, changed or not.
        """
        with self._lock:
            for place, folder in enumerate(self._folders):
                stamp = _stamp(folder)
                if stamp is None or (stamp == self._stamps[place] and not everything):
                    continue  # while it is being replaced, nothing is there for a moment
                self._stamps[place] = stamp
                self._replace(place, folder)

    def _replace(self, place: int, folder: Path) -> None:
        try:
            in_order = list(self._in_order)
            in_order[place] = ServedModel(folder)
            in_order[place].warm_up()
            fresh = by_name(in_order, self._folders)
        except (StarcastError, OSError) as error:
            self.n_refused += 1
            LOG.error("%s is not taken, the model loaded before stays: %s", folder, error)
            return
        self._in_order, self._models = in_order, fresh
        self.n_reloads, self.loaded_at = self.n_reloads + 1, time.time()
        LOG.warning("loaded anew: %s", folder)


def _stamp(folder: Path) -> Stamp | None:
    try:
        found = (folder / MANIFEST).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
