"""Structs in Thrift's compact protocol, as Parquet files hold them.

Source: the Apache Thrift compact protocol, thrift-compact-protocol.md.
"""

from typing import Any, final

_MOST_DEPTH = 8

Struct = dict[int, Any]
"""The fields of a struct by number; lists are lists, structs within are structs."""


@final
class CompactReader:
    """Reads structs, one after the other.

    Args:
        content: bytes that begin with one.
    Raises: ValueError: by all that it does, where they are none.

    >>> CompactReader(bytes([0x15, 0x06, 0x18, 0x02, 0x68, 0x69, 0x00])).struct()
    {1: 3, 2: b'hi'}
    """

    def __init__(self, content: bytes) -> None:
        self._content, self.at, self._depth = content, 0, 0

    def struct(self) -> Struct:
        """The struct that begins here."""
        fields: Struct = {}
        number = 0
        self._depth += 1
        if self._depth > _MOST_DEPTH:
            raise ValueError("structs within structs without end")
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._signed()
            fields[number] = self._value(kind, kind == 1)
        self._depth -= 1
        return fields

    def _value(self, kind: int, is_true: bool) -> Any:
        if kind in (1, 2):
            return is_true
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind == 7:
            return self._bytes(8)
        if kind == 8:
            return self._bytes(self._unsigned())
        if kind in (9, 10):
            return self._list()
        if kind == 12:
            return self.struct()
        raise ValueError(f"a field of kind {kind}")

    def _list(self) -> list[Any]:
        head = self._byte()
        length, kind = head >> 4, head & 15
        length = self._unsigned() if length == 15 else length
        if length > len(self._content):
            raise ValueError("a list longer than the file")
        if kind in (1, 2):
            return [self._byte() == 1 for _ in range(length)]
        return [self._value(kind, False) for _ in range(length)]

    def _signed(self) -> int:
        value = self._unsigned()
        return (value >> 1) ^ -(value & 1)

    def _unsigned(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number of too many bytes")

    def _byte(self) -> int:
        if self.at >= len(self._content):
            raise ValueError("it ends too early")
        self.at += 1
        return self._content[self.at - 1]

    def _bytes(self, n: int) -> bytes:
        taken = self._content[self.at : self.at + n]
        if len(taken) < n:
            raise ValueError("it ends too early")
        self.at += n
        return taken
