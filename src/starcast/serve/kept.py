"""Answers that are kept, since people come back."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import final


@final
class Kept:
    """The texts that were asked for last. It may be asked by several threads at once.

    Args:
        most: characters of all texts together.

    >>> kept = Kept(8)
    >>> kept.put("ann", "four"), kept.put("bob", "four"), kept.get("ann"), kept.put("eve", "4")
    (None, None, 'four', None)
    >>> kept.get("ann"), kept.get("bob"), kept.get("eve")
    ('four', None, '4')
    """

    def __init__(self, most: int) -> None:
        self._texts: OrderedDict[Hashable, str] = OrderedDict()
        self._most, self._n_kept, self._lock = most, 0, Lock()

    def get(self, key: Hashable) -> str | None:
        """The text that was put there, if it is still kept."""
        with self._lock:
            if key in self._texts:
                self._texts.move_to_end(key)
            return self._texts.get(key)

    def put(self, key: Hashable, text: str) -> None:
        """Keep a text, and give up those that were not asked for longest."""
        with self._lock:
            self._n_kept += len(text) - len(self._texts.pop(key, ""))
            self._texts[key] = text
            while self._n_kept > self._most:
                self._n_kept -= len(self._texts.popitem(last=False)[1])

    def clear(self) -> None:
        """Keep nothing that was put so far."""
        with self._lock:
            self._texts.clear()
            self._n_kept = 0
