"""What a shell completes: names of data sets and models, and folders of trained models."""

import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

_DEPTH = 3  # folders below the one that is looked into
_MOST = 500


def data_sets(incomplete: str) -> list[str]:
    """Names of data sets that begin so."""
    from starcast.data.movielens.catalog import CATALOG

    return _beginning(incomplete, CATALOG)


def model_names(incomplete: str) -> list[str]:
    """Names of models that begin so."""
    from starcast.models import MODELS

    return _beginning(incomplete, MODELS)


def several_models(incomplete: str) -> list[str]:
    """The same for the last of several, with commas between."""
    before, comma, last = incomplete.rpartition(",")
    named = before.split(",")
    return [before + comma + name for name in model_names(last) if name not in named]


def artifacts(incomplete: str) -> list[str]:
    """Folders of trained models whose paths begin so."""
    folder, slash, _ = incomplete.rpartition(os.sep)
    found = islice(_artifacts_below(Path(folder + slash)), _MOST)
    paths = [folder + slash + path.relative_to(folder + slash).as_posix() for path in found]
    return sorted(_beginning(incomplete, paths))


def _artifacts_below(folder: Path) -> Iterator[Path]:
    for above, folders, files in os.walk(folder):
        depth = len(Path(above).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if name[0] != "." and depth < _DEPTH)
        if "manifest.json" in files:
            folders.clear()
            yield Path(above)


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
