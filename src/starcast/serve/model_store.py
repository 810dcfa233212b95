"""The models that answer, and newer ones that take their place."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

from starcast.artifacts.replacement import MANIFEST
from starcast.display import quoted
from starcast.errors import ConfigError, StarcastError
from starcast.serve.api_errors import LOG, ApiError
from starcast.serve.cards import card_of
from starcast.serve.served_model import ServedModel
from starcast.serve.shares import Shares
from starcast.serve.trial import try_everything_else, try_lists

Stamp = tuple[int, int, int]
"""Inode, time of change and size of a manifest: artifacts are replaced whole, by renaming."""


@final
class ModelStore:
    """Models in use, by name; the first folder's is the default.

    A request takes a model once and keeps it to its end, whatever is swapped meanwhile.

    Args:
        folders: of artifacts.
        shares: which of them answers whom, where users are not all the default's.
    Attributes:
        loaded_at, looked_at: when a model was loaded last, and newer ones were last looked for;
            seconds since 1970.
        n_reloads, n_refused: newer models that were taken, and that were not.
        prepare: called with every newer model before it answers anybody.
    Raises: ArtifactError, ConfigError: one cannot be loaded, or two share a name.
    """

    def __init__(self, folders: Sequence[Path], shares: Shares | None = None) -> None:
        self._folders, self._shares = list(folders), shares
        self._stamps = [_stamp(folder) for folder in folders]
        self._in_order = [_load(folder) for folder in folders]
        self._models = by_name(self._in_order, folders)
        self._lock = threading.Lock()
        self.loaded_at = self.looked_at = time.time()
        self.n_reloads = self.n_refused = 0
        self.prepare: Callable[[ServedModel], None] = lambda model: None

    def in_use(self) -> Sequence[ServedModel]:
        """The models, in the order of their folders."""
        return self._in_order

    def find(self, name: str | None = None, user: object = None) -> ServedModel:
        """A model by name; else the one that a user meets, or the default.

        Args:
            name: of a model.
            user: an external id; None of somebody without one.
        Raises: ApiError: there is none of that name.
        """
        model_store = self._models
        if name is None:
            shares = self._shares if user is not None else None
            return list(model_store.values())[shares.position(user) if shares else 0]
        if name not in model_store:
            said = f"no model {quoted(name)} here; loaded: {', '.join(model_store)}"
            raise ApiError(404, "unknown_model", said, list(model_store))
        return model_store[name]

    def cards(self) -> dict[str, Any]:
        """What `/models` says."""
        model_store: Mapping[str, ServedModel] = self._models
        default = next(iter(model_store))
        cards = [card_of(one, is_default=name == default) for name, one in model_store.items()]
        return {"models": cards}

    def stars(self) -> tuple[float, float]:
        """The lowest and the highest that any of the models knows."""
        scales = [one.ratings.scale for one in self._models.values()]
        return min(one.lowest for one in scales), max(one.highest for one in scales)

    def warm_up(self) -> None:
        """Make what is made once, before anybody waits for it; what cannot be made is said."""
        for folder, one in zip(self._folders, self._in_order, strict=True):
            with self._refusing(folder, "answers in part"):
                try_everything_else(one)

    def refresh(self, *, everything: bool = False) -> None:
        """Load what lies newer in the folders, and swap it in.

        What is damaged, or cannot answer, is logged once, counted, and not taken. Nothing is
        raised: who looks for newer ones goes on looking.

        Args:
            everything: load all anew, changed or not.
        """
        with self._lock:
            for place, folder in enumerate(self._folders):
                stamp = _stamp(folder)
                if stamp is None or (stamp == self._stamps[place] and not everything):
                    continue  # while it is being replaced, nothing is there for a moment
                self._stamps[place] = stamp
                with self._refusing(folder, "is not taken, the model loaded before stays"):
                    self._replace(place, folder)
            self.looked_at = time.time()

    def _replace(self, place: int, folder: Path) -> None:
        newer = _load(folder)
        try_everything_else(newer)
        self.prepare(newer)
        in_order = list(self._in_order)
        in_order[place] = newer
        self._models, self._in_order = by_name(in_order, self._folders), in_order
        self.n_reloads, self.loaded_at = self.n_reloads + 1, time.time()
        LOG.warning("loaded anew: %s", folder)

    @contextmanager
    def _refusing(self, folder: Path, what: str) -> Iterator[None]:
        """Log and count whatever goes wrong. Nobody could foresee all that may."""
        try:
            yield
        except Exception as error:
            self.n_refused += 1
            kind = "" if isinstance(error, StarcastError | OSError) else f"{type(error).__name__}: "
            LOG.error("%s %s: %s%s", folder, what, kind, error)


def _load(folder: Path) -> ServedModel:
    """A model that makes lists. Raises: ArtifactError: there is none."""
    model = ServedModel(folder)
    try_lists(model)
    return model


def _stamp(folder: Path) -> Stamp | None:
    try:
        found = (folder / MANIFEST).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def by_name(loaded: Sequence[ServedModel], folders: Sequence[Path]) -> Mapping[str, ServedModel]:
    """Models by name; those that share one are told apart by their folders.

    Raises: ConfigError: even those are the same.
    """
    models = [one.artifact.model for one in loaded]
    names = [
        folder.resolve().name if models.count(model) > 1 else model
        for model, folder in zip(models, folders, strict=True)
    ]
    if doubled := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"two models would both be called '{doubled[0]}'; rename a folder")
    for one, name in zip(loaded, names, strict=True):
        one.name = name
    return dict(zip(names, loaded, strict=True))
