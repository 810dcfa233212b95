"""What we use of other packages' insides: whoever raises their bounds learns here what moved.

Numba, llvmlite and uvicorn promise none of it, so pyproject.toml bounds them above. Nothing here
is about Starcast's own code: that is tested where it stands. Insides are imported where they are
tried, so that one that is gone is told in words too.
"""

# mypy: disable-error-code="import-untyped, no-untyped-call"

import asyncio
import inspect
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

REPOSITORY = Path(__file__).parents[2]
BOUNDED = ("numba", "uvicorn")


@contextmanager
def leaning_on(package: str, what: str, file: str) -> Iterator[None]:
    """Say in words what broke, and where to look."""
    try:
        yield
    except Exception as error:
        pytest.fail(
            f"{package} {version(package)} moved something that Starcast leans on: {what} "
            f"({type(error).__name__}: {error}). Mend src/starcast/{file} and raise the bound in "
            f"pyproject.toml, or keep {package} below {version(package)} there."
        )


@pytest.mark.parametrize("package", BOUNDED)
def test_it_is_bounded_above_by_the_next_minor_version(package: str) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["serve"]]
    (required,) = (one for one in map(Requirement, listed) if one.name == package)
    installed = Version(version(package))
    following = f"{installed.major}.{installed.minor + 1}"
    assert installed in required.specifier
    assert following not in required.specifier, (
        f"{package} {following} may move what {Path(__file__).name} lists; no version is let in "
        "before this file has passed with it"
    )


def test_a_vector_is_a_type_of_llvm_with_typed_pointers() -> None:
    with leaning_on("llvmlite", "vector types, and pointers that know theirs", "engines/simd"):
        from llvmlite import ir

        vector = ir.VectorType(ir.FloatType(), 8)
        assert str(vector) == "<8 x float>"
        assert vector.as_pointer().pointee == vector
        for used in (
            "gep", "bitcast", "load", "store", "insert_element", "shuffle_vector", "insert_value",
            "extract_value", "call", "fadd", "fsub", "fmul", "fdiv",
        ):  # fmt: skip
            assert callable(getattr(ir.IRBuilder, used)), used


def test_a_function_of_llvm_is_declared_once() -> None:
    with leaning_on("numba", "cgutils.get_or_insert_function", "engines/simd/tables.py"):
        from llvmlite import ir
        from numba.core import cgutils

        module, kind = ir.Module(), ir.FunctionType(ir.VoidType(), [])
        declared = [cgutils.get_or_insert_function(module, kind, "llvm.trap") for _ in range(2)]
        assert declared[0] is declared[1]


def test_a_records_type_tells_the_shapes_of_its_fields() -> None:
    with leaning_on("numba", "fields of a structured array's type", "engines/simd/tables.py"):
        table = np.zeros(3, np.dtype([("parts", np.float32, (4, 16))]))
        assert numba.typeof(table).dtype.fields["parts"].type.shape == (4, 16)


def test_an_array_tells_compiled_code_where_it_lies() -> None:
    """make_array, cast and get_dummy_value of the context, and the name of LLVM's prefetch."""
    with leaning_on("numba", "how an intrinsic finds an array's memory", "engines/simd"):
        second = second_of()

        @numba.njit
        def read(array: Any) -> Any:
            return second(array, 1)

        assert read(np.array([3, 4, 5], np.float32)) == 4


def second_of() -> Any:
    """An intrinsic that asks for one entry of an array ahead, and then loads it."""
    from llvmlite import ir
    from numba import extending, types
    from numba.core import cgutils

    def second(typing: Any, array: Any, at: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
            place = builder.gep(data, [context.cast(builder, arguments[1], at, types.uintp)])
            byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
            fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
            builder.call(fetch, [builder.bitcast(place, byte), number(0), number(3), number(1)])
            assert context.get_dummy_value() is not None
            return builder.load(place, align=4)

        return array.dtype(array, at), generate

    return extending.intrinsic(second)


def test_a_type_of_ones_own_can_be_added_and_multiplied() -> None:
    with leaning_on("numba", "models of new types, and overloads", "engines/simd/values.py"):
        from numba import extending, types
        from numba.extending import models

        assert issubclass(models.PrimitiveModel, object)
        assert callable(extending.register_model(types.Opaque))
        assert {"func", "strict"} <= set(inspect.signature(extending.overload).parameters)


def test_loops_are_compiled_as_they_are_asked_to_be() -> None:
    with leaning_on("numba", "forceinline, fastmath by name, nogil", "engines/compiled.py"):

        @numba.njit(fastmath={"reassoc", "contract", "arcp", "nsz"}, forceinline=True, nogil=True)
        def is_number(x: float) -> bool:
            return x == x

        assert [is_number(x) for x in (np.nan, np.inf, 1.0)] == [False, True, True]


class Transport(asyncio.Transport):
    """A connection that leads nowhere."""

    def is_closing(self) -> bool:
        return False

    def close(self) -> None:
        pass


async def _app(scope: Any, receive: Any, send: Any) -> None:
    """Asked nothing."""


def connected() -> Any:
    """A protocol whose connection has just been made, and that notes what it is told."""
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import ServerState

    class Noted(HttpToolsProtocol):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            self.called: list[str] = []

        def on_message_begin(self) -> None:
            self.called.append("on_message_begin")
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self.called.append("on_headers_complete")

        def send_400_response(self, msg: str) -> None:
            self.called.append("send_400_response")

    config = uvicorn.Config(_app, http=Noted, ws="none", log_config=None, lifespan="off")
    loop = asyncio.new_event_loop()
    protocol = Noted(config=config, server_state=ServerState(), app_state={}, _loop=loop)
    loop.close()
    protocol.connection_made(Transport())
    return protocol


WHERE = "serve/http_protocol.py"


def test_a_connection_counts_itself_and_knows_its_settings() -> None:
    with leaning_on("uvicorn", "connections, transport, loop and config of a protocol", WHERE):
        protocol = connected()
        assert protocol in protocol.connections
        assert isinstance(protocol.transport, Transport)
        assert callable(protocol.loop.call_later)
        assert protocol.config.timeout_keep_alive > 0
        protocol.connection_lost(ConnectionResetError())
        assert protocol not in protocol.connections


@pytest.mark.parametrize(
    ("sent", "called"),
    [
        (b"GET / HT", ["on_message_begin"]),
        (b"GET / HTTP/1.1\r\nhost: here\r\n\r\n", ["on_message_begin", "on_headers_complete"]),
        (b"\x00\x01 no HTTP\r\n\r\n", ["send_400_response"]),
    ],
)
def test_a_request_is_told_step_by_step(sent: bytes, called: list[str]) -> None:
    with leaning_on("uvicorn", "what a protocol is told of a request's head", WHERE):
        protocol = connected()
        protocol.data_received(sent)
        assert [one for one in protocol.called if one in called] == called


def test_a_server_starts_ends_and_takes_signals_as_ours_expects() -> None:
    with leaning_on("uvicorn", "startup, signals and the loop of a server", "serve/process.py"):
        import uvicorn

        config = uvicorn.Config(_app, log_config=None)
        server = uvicorn.Server(config)
        assert not server.should_exit
        assert inspect.iscoroutinefunction(server.startup)
        assert list(inspect.signature(server.startup).parameters) == ["sockets"]
        assert list(inspect.signature(server.handle_exit).parameters) == ["sig", "frame"]
        assert callable(server.capture_signals)
        assert callable(config.get_loop_factory())


def test_the_oldest_versions_that_were_tried_are_those_that_are_let_in() -> None:
    """Of each package that is bounded below; `tools/try_release.py --oldest` installs them."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    extras = ("board", "serve", "store", "rank", "index")
    listed = [*project["dependencies"], *(one for extra in extras for one in
              project["optional-dependencies"][extra])]  # fmt: skip
    tried = dict(
        line.split("==")
        for line in (REPOSITORY / "constraints-oldest.txt").read_text("utf-8").splitlines()
        if "==" in line
    )
    for required in map(Requirement, listed):
        oldest = Version(tried[required.name.lower()])
        (floor,) = (one.version for one in required.specifier if one.operator == ">=")
        assert oldest in required.specifier
        assert str(oldest).startswith(floor), f"{required.name}: write constraints-oldest.txt anew"
