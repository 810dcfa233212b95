"""A network as a setting: its expression as text, which artifacts record and no option gives."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

from starcast.display import shown
from starcast.engines.expression import Expression
from starcast.engines.expression.plain import as_plain, from_plain
from starcast.engines.expression.weights import check_network
from starcast.engines.setting_kinds import Setting
from starcast.errors import ConfigError

_LONGEST = 10**6  # characters


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkText(Setting):
    """What a network computes, as text; "" where other settings say it."""

    recorded: bool = True

    @property
    def range(self) -> str:
        """What it may be, in words."""
        return "written by training"

    def told(self, value: Any) -> Any:
        """So short that it fits into a table, where two that differ are told apart."""
        return value and hashlib.sha256(value.encode()).hexdigest()[:8]

    def check(self, name: str, value: object) -> str:
        """The text, of what is a network."""
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise ConfigError(f"{name} must be text of a network, got {shown(value)}")
        if value:
            network_of(value)
        return value


def text_of(network: Expression) -> str:
    """A network as text."""
    return json.dumps(as_plain(network), separators=(",", ":"), ensure_ascii=False)


@lru_cache(maxsize=16)
def network_of(text: str) -> Expression:
    """The network that `text_of` was given. Raises: ConfigError, UnknownNameError: it is none."""
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigError("the text of the network is no JSON") from None
    network = from_plain(plain)
    check_network(network)
    return network
