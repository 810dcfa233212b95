"""The fields of a manifest, and what each must be; JSON holds anything."""

import math
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], bool]

_MOST_ROWS = 2**31 - 1
_LARGEST_STAR = 1e30  # which float32 holds
_NUMBERS = {"epoch", "loss", "training_error", "seconds"}  # of the record of an epoch
_OF_FIGURE = {"rhat", "bulk_ess", "tail_ess"}  # of a sampler that is traced
_KNOWN = _NUMBERS | {"train", "validation"}  # what a blend notes besides are numbers or figures


def is_text(value: Any) -> bool:
    """Whether it is text."""
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 2**1023 and math.isfinite(value)


def _is_residual(value: Any) -> bool:
    """So large that its square is a number, and not nothing."""
    return value is None or (_is_number(value) and 1e-12 <= value <= 1e15)


def _is_figures(value: Any) -> bool:
    """Figures by name, None where there is none, or none at all."""
    return value is None or (
        isinstance(value, dict) and all(one is None or _is_number(one) for one in value.values())
    )


def _is_epoch(value: Any) -> bool:
    """A record of an epoch, or of a blend."""
    if not (isinstance(value, dict) and _is_whole(value.get("epoch"))):
        return False
    return all(
        one is None or (_is_number(one) if name in _NUMBERS else _is_figures(one))
        or (name not in _KNOWN and _is_number(one))
        for name, one in value.items()
    )  # fmt: skip


def _is_part(value: Any) -> bool:
    """What a blend says of one of its models."""
    return (
        isinstance(value, dict)
        and value.keys() >= {"model", "settings", "refit", "validation_rmse"}
        and is_text(value["model"])
        and isinstance(value["settings"], dict)
        and _is_flag(value["refit"])
        and _is_number(value["validation_rmse"])
        and _is_number(value.get("coefficient", 0))
        and _is_figures(value.get("validation"))
    )


def _is_convergence(value: Any) -> bool:
    """What is told of the chains of a sampler; None where there are none."""
    return value is None or (
        isinstance(value, dict)
        and value.keys() == {"n_chains", "n_sweeps", "figures", "acceptance"}
        and _is_whole(value["n_chains"])
        and _is_whole(value["n_sweeps"])
        and _is_figures({"acceptance": value["acceptance"]})
        and isinstance(value["figures"], dict)
        and bool(value["figures"])
        and all(_is_figures(one) and one is not None and one.keys() == _OF_FIGURE
                for one in value["figures"].values())
    )  # fmt: skip


def _is_ids(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"users", "items"}
        and all(_is_whole(one) and 1 <= one <= _MOST_ROWS for one in value.values())
    )


def _is_scale(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"lowest", "highest", "step"}
        and all(_is_number(one) and abs(one) <= _LARGEST_STAR for one in value.values())
    )


def _is_units(value: Any) -> bool:
    """What makes stars of all that models say in units, and the other way round."""
    return (
        isinstance(value, dict)
        and value.keys() == {"factor", "offset"}
        and all(map(_is_number, value.values()))
        and 1e-12 <= value["factor"] <= _LARGEST_STAR
        and abs(value["offset"]) <= _LARGEST_STAR
    )


def _is_shares(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"known", "new_user", "new_item", "neither"}
        and all(_is_number(one) and 0 <= one <= 1 for one in value.values())
    )


def _is_metrics(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_figures, value.values()))


def _list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _is_texts(value: Any) -> bool:
    """Texts by name."""
    return isinstance(value, dict) and all(map(is_text, value.values()))


def _is_home(value: Any) -> bool:
    """Where blocks lie, and the sum of their header."""
    return _is_texts(value) and value.keys() == {"folder", "header"}


FIELDS: Mapping[str, tuple[Check, bool]] = {
    "format": (is_text, True),
    "format_version": (_is_whole, True),
    "model": (is_text, True),
    "config": (lambda value: value is None or isinstance(value, dict), True),
    "seed": (_is_whole, True),
    "dataset": (is_text, True),
    "scale": (_is_scale, True),
    "ids": (_is_ids, True),
    "split": (is_text, True),
    "fingerprint": (is_text, True),
    "extends": (_list_of(is_text), False),
    "opened": (_list_of(is_text), False),
    "times_fingerprint": (lambda value: value is None or is_text(value), False),
    "data_hash": (is_text, True),
    "best_epoch": (_is_whole, True),
    "metrics": (_is_metrics, True),
    "refit": (_is_flag, True),
    "final": (_is_flag, False),
    "leak": (is_text, True),
    "broken_off": (is_text, True),
    "versions": (_is_texts, True),
    "history": (_list_of(_is_epoch), True),
    "parts": (_list_of(_is_part), False),
    "support": (_is_number, False),
    "residual_rmse": (_is_residual, False),
    "units": (_is_units, False),
    "shares": (_is_shares, False),
    "blocks": (_is_home, False),
    "convergence": (_is_convergence, False),
    "files": (_is_texts, True),
    "sum": (is_text, False),
}
"""By name: what each must be, and whether the first artifacts had it already."""
