"""The socket that the service listens at."""

import socket

import pytest

from starcast.errors import ConfigError
from starcast.serve.process import listening


def test_answers_are_not_held_back_for_more_to_send() -> None:
    """Asyncio sets TCP_NODELAY on connections whose protocol is named, and on no others."""
    with listening("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[1] > 0


def test_the_system_keeps_little_for_who_does_not_read() -> None:
    with listening("127.0.0.1", 0) as listener:
        client = socket.create_connection(listener.getsockname())
        connected, _ = listener.accept()
        with client, connected:
            assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 1 << 19


def test_a_taken_port_is_refused() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        refused = pytest.raises(ConfigError, match=f"port {port}: .*choose another --port")
        with refused, listening("127.0.0.1", port):
            pass
