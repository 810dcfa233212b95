"""Names of the models of a comparison, no two alike."""

from collections.abc import Sequence
from typing import Any

from starcast.artifacts.artifact import Artifact


def names_of(artifacts: Sequence[Artifact]) -> tuple[str, ...]:
    """Titles; where two are alike, with the settings that differ, or else numbered.

    What only one of them has follows from its optimizer, which differs then.
    """
    settings = [
        one.settings() | (one.config.written() if one.config else {}) | {"refit": one.refit}
        for one in artifacts
    ]
    names = []
    for n, artifact in enumerate(artifacts):
        twins = [m for m, other in enumerate(artifacts) if other.title == artifact.title]
        own = _differing(settings[n], [settings[m] for m in twins])
        names.append(f"{artifact.title} ({own})" if own else artifact.title)
    return tuple(
        name if names.count(name) == 1 else f"{name} #{names[: n + 1].count(name)}"
        for n, name in enumerate(names)
    )


def _differing(own: dict[str, Any], all_settings: Sequence[dict[str, Any]]) -> str:
    differ = [key for key in own if any(own[key] != one.get(key, own[key]) for one in all_settings)]
    return ", ".join(f"{key} {own[key]}" for key in differ)
