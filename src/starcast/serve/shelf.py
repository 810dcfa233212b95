"""The models that answer, and newer ones that take their place."""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

from starcast.errors import StarcastError
from starcast.place import MANIFEST
from starcast.serve.loaded import Loaded, by_name
from starcast.serve.refusal import LOG, Refusal

Stamp = tuple[int, int, int]
"""Inode, time of change and size of a manifest: artifacts are replaced whole, by renaming."""


@final
class Shelf:
    """Loaded models by name; the first folder's is the default.

    A request takes a model once and keeps it to its end, whatever is swapped meanwhile.

    Args:
        folders: of artifacts.
    Raises: ArtifactError, ConfigError: one cannot be loaded, or two share a name.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._stamps = [_stamp(folder) for folder in folders]
        self._in_order = [Loaded(folder) for folder in folders]
        self._models = by_name(self._in_order, folders)
        self._lock = threading.Lock()
        self.loaded_at = time.time()
        self.n_reloads = self.n_refused = 0

    def find(self, name: str | None = None) -> Loaded:
        """A model by name, or the default. Raises: Refusal: there is none of that name."""
        shelf = self._models
        if name is None:
            return next(iter(shelf.values()))
        if name not in shelf:
            said = f"no model '{name}' here; loaded: {', '.join(shelf)}"
            raise Refusal(404, "unknown_model", said, list(shelf))
        return shelf[name]

    def cards(self) -> dict[str, Any]:
        """What `/models` says."""
        shelf: Mapping[str, Loaded] = self._models
        default = next(iter(shelf))
        cards = [one.card(is_default=name == default) for name, one in shelf.items()]
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
            in_order[place] = Loaded(folder)
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
