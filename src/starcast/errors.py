"""The few named errors. Every message says what is wrong, where, and what to do next."""

import signal
from collections.abc import Collection, Iterable
from difflib import get_close_matches

from starcast.display import quoted, shortened, shown

_MOST_NAMED = 30
_MOST_COMPARED = 100  # characters; comparing takes their square


class StarcastError(Exception):
    """Base of every error a user can cause; the command line prints it as one line."""


class UnknownNameError(StarcastError):
    """A model, data set or metric name that does not exist."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        by_lower = {candidate.lower(): candidate for candidate in known}
        near = get_close_matches(name.lower()[:_MOST_COMPARED], by_lower, n=1, cutoff=0.5)
        hint = (
            f"did you mean '{by_lower[near[0]]}'?"
            if near
            else f"known: {_first(by_lower.values()) or 'none'}"
        )
        super().__init__(f"unknown {kind} {quoted(name)}: {hint}")


def _first(names: Iterable[str]) -> str:
    """Names that fit into a line."""
    every = list(names)
    more = f" and {len(every) - _MOST_NAMED:,} more" if len(every) > _MOST_NAMED else ""
    return ", ".join(map(shortened, every[:_MOST_NAMED])) + more


class UnknownIdError(StarcastError):
    """A user or item id that was not in the training data."""


class DataError(StarcastError):
    """Rating or item files that cannot be read as such."""


class FetchError(StarcastError):
    """A download that failed or did not match its checksum."""


class ConfigError(StarcastError):
    """A setting out of its range, or settings that do not fit together."""


class ArtifactError(StarcastError):
    """A saved model that is missing, damaged, or not one of ours."""


class BusyError(StarcastError):
    """Something that another run is writing at the moment."""


class SplitMismatchError(StarcastError):
    """Two artifacts, or an artifact and a split, that do not share one train/test split."""


class CheckpointError(StarcastError):
    """A checkpoint that cannot be gone on from: of another run, damaged, or not one of ours."""


class TrainingError(StarcastError):
    """Training that cannot go on, such as a loss that is no longer a number."""


class InterruptedTrainingError(TrainingError):
    """Training that was stopped from outside; nothing is to follow it."""


def require_name(kind: str, name: object, known: Collection[str]) -> str:
    """The name, if it is one of those that are known.

    Raises:
        UnknownNameError: it is another name; says which is near.
        ConfigError: it is no name at all.
    """
    if not isinstance(name, str):
        raise ConfigError(
            f"{kind} must be a name, such as '{next(iter(known))}', got {shown(name)}"
        )
    if name not in known:
        raise UnknownNameError(kind, name, known)
    return name


class StarcastWarning(UserWarning):
    """Base of what a user should know of; the command line says it in one line."""


class LeftOutWarning(StarcastWarning):
    """Something that cannot be used is left out."""


class SettingWarning(StarcastWarning):
    """A setting that does not suit the ratings; another takes its place."""


class RefitWarning(StarcastWarning):
    """A refit fits its own rows worse than the run did that chose how long to train."""


class RuleWarning(StarcastWarning):
    """What a list lacks of what rules asked for, or what of them could not be used."""


class Interrupted(KeyboardInterrupt):
    """A signal that ends a run as Ctrl-C does, and is told by its name."""

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
