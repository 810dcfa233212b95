"""HTTP with an end to what one client may have: heads, requests in a row, answers left unread."""

import asyncio
import socket
import struct
from collections import deque
from typing import Any, final

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from starcast.serve.api_errors import ApiError

MOST_HEAD = 1 << 16  # bytes; more than any browser sends
MOST_LINES = 200  # of a head, each of which costs a step of the parser
MOST_PIPELINED = 16  # requests that wait for the answer to one before them
MOST_CONNECTIONS = 512
_AT_ONCE = struct.pack("ii", 1, 0)  # not: after what the client has not read
_PIECE = 1 << 12  # bytes of a body that the parser is given at once


@final
class HttpProtocol(HttpToolsProtocol):
    """HTTP that ends what a client drags out, and makes room for clients that do not.

    Heads are counted line by line, so that their limit does not depend on how the bytes arrive.
    A client that asks and does not read is hung up on, whatever is still unsent: closing a
    connection in good order would wait for that to be read.
    """

    _waiting: asyncio.TimerHandle | None = None  # for a head
    _sending: asyncio.TimerHandle | None = None  # until a client has taken an answer
    _n_head = _n_lines = _n_left = _n_answers = 0
    _in_head, _has_ended, _is_last = True, False, False
    _since = 0.0  # when it last asked, or was last answered

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._answer, self.app = self.app, self._answer_unless_gone
        self._unanswered: deque[RequestResponseCycle] = deque()  # the first is being answered
        self._work: asyncio.Task[Any] | None = None  # on its answer

    def connection_made(self, transport: Any) -> None:
        """A connection was made; one too many takes the place of another, or is turned away."""
        super().connection_made(transport)
        self._since = self.loop.time()
        if len(self.connections) > MOST_CONNECTIONS and not self._make_room():
            self._turn_away(ApiError(503, "overloaded", "too many connections; try again later"))
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there any more."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes came."""
        start = 0
        while start < len(data) and not (self.transport.is_closing() or self._is_last_whole()):
            end = self._end_of_piece(data, start)
            piece, self._has_ended = data[start:end], False
            is_cut_at_ends = self._in_head or self._n_left > 0  # of chunks the end is not known
            super().data_received(piece)
            if self._in_head and not (self._has_ended and is_cut_at_ends):
                self._count_head(len(piece), piece.endswith(b"\n"))
            start = end

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """A head has come."""
        self._in_head, self._since = False, self.loop.time()
        self._stop_waiting()
        lengths = (value for name, value in self.headers if name == b"content-length")
        self._n_left = int(next(lengths, b"0"))
        super().on_headers_complete()
        self._unanswered.append(self.cycle)
        if len(self._unanswered) > MOST_PIPELINED:  # these are answered, and no more are taken
            self._end_with_these()

    def on_body(self, body: bytes) -> None:
        """A piece of a body came."""
        self._n_left -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has come whole; what comes now is another's head."""
        self._in_head, self._n_head, self._n_lines, self._has_ended = True, 0, 0, True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer was written; whether the client takes it is seen later."""
        self._unanswered.popleft()
        self._n_answers, self._since = self._n_answers + 1, self.loop.time()
        super().on_response_complete()
        self._watch_sending()

    def pause_writing(self) -> None:
        """The client leaves much unread."""
        super().pause_writing()
        self._watch_sending()

    def send_400_response(self, msg: str) -> None:
        """What was sent is no HTTP."""
        self._turn_away(ApiError(400, "invalid_request", "that was no HTTP request"))

    def hang_up(self) -> None:
        """End the connection at once; what is unsent is lost, for the system too."""
        self._forget()
        self.connections.discard(self)
        if connected := self.transport.get_extra_info("socket"):
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()

    async def _answer_unless_gone(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; if its client leaves, nothing more is done for it."""
        self._work, cycle = asyncio.current_task(), self._unanswered[0]
        try:
            await self._answer(scope, receive, send)
        except asyncio.CancelledError:
            if not cycle.disconnected:
                raise
        finally:
            self._work = None

    def _forget(self) -> None:
        """Give up what nobody waits for any more."""
        self._stop_waiting()
        if self._sending:
            self._sending.cancel()
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()
        if self._work:
            self._work.cancel()

    def _make_room(self) -> bool:
        """Hang up on who has the most of us, or gives us nothing to do; whether there was anybody.

        A client that asks for one thing at a time, and waits for it, keeps its place.
        """
        others = [one for one in self.connections - {self} if isinstance(one, HttpProtocol)]
        for is_chosen in (HttpProtocol._takes_much, HttpProtocol._gives_nothing):
            chosen = list(filter(is_chosen, others))
            if chosen:
                min(chosen, key=lambda other: other._since).hang_up()
                return True
        return False

    def _takes_much(self) -> bool:
        """Whether the client leaves much unread, or asks for much at a time."""
        return self.flow.write_paused or len(self._unanswered) > 1

    def _gives_nothing(self) -> bool:
        """Whether there is nothing to do here until the client sends something."""
        return not self._unanswered or self._unanswered[0].more_body

    def _owes_answers(self) -> bool:
        """Whether a request has come whole and waits for its answer, or has a part of it."""
        return any(one.response_started or not one.more_body for one in self._unanswered)

    def _end_with_these(self) -> None:
        """Answer what has come, then close; whatever else comes is not looked at."""
        self._is_last, self.cycle.keep_alive = True, False

    def _is_last_whole(self) -> bool:
        return self._is_last and not self.cycle.more_body

    def _end_of_piece(self, data: bytes, start: int) -> int:
        """Where a line of a head ends, or a body, or enough of it."""
        most = start + _PIECE
        if self._in_head:
            return data.find(b"\n", start, most) + 1 or most
        return min(most, start + self._n_left) if self._n_left > 0 else most

    def _count_head(self, n_bytes: int, n_lines: int) -> None:
        self._n_head, self._n_lines = self._n_head + n_bytes, self._n_lines + n_lines
        if self._n_head > MOST_HEAD:
            said = f"the head of a request may have at most {MOST_HEAD:,} bytes"
            self._turn_away(ApiError(431, "too_large", said))
        elif self._n_lines > MOST_LINES:
            said = f"the head of a request may have at most {MOST_LINES} lines"
            self._turn_away(ApiError(431, "too_large", said))

    def _watch_sending(self) -> None:
        if self._sending is None:
            seconds = self.config.timeout_keep_alive
            self._sending = self.loop.call_later(seconds, self._check_sending, self._n_answers)

    def _check_sending(self, n_answers: int) -> None:
        """Hang up if the same answer is still unread, and go on watching a newer one."""
        self._sending = None
        if self.transport.get_write_buffer_size():
            if self._n_answers == n_answers:
                self.hang_up()
            else:
                self._watch_sending()

    def _wait(self) -> None:
        self._stop_waiting()
        seconds = self.config.timeout_keep_alive  # as long as between two requests
        late = ApiError(408, "timeout", f"no request came within {seconds} s")
        self._waiting = self.loop.call_later(seconds, self._turn_away, late)

    def _stop_waiting(self) -> None:
        if self._waiting:
            self._waiting.cancel()
            self._waiting = None

    def _turn_away(self, error: ApiError) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self._owes_answers():  # they come first
            self._end_with_these()
            return
        body = error.body()
        head = (
            f"HTTP/1.1 {error.status} \r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
        self._watch_sending()
