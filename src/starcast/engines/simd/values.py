"""Rows of floats as single values: the type and its arithmetic."""

# mypy: disable-error-code="untyped-decorator, no-untyped-call, import-untyped"
# Numba's and LLVM's functions have no types to check against.

import math
import operator
from collections.abc import Callable
from typing import Any, final

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils
from numba.extending import models, overload, register_model

from starcast.engines.compiled import FAST

intrinsic: Any = extending.intrinsic  # whose type would have callers give the typing context too
FLOAT, INT = ir.FloatType(), ir.IntType(32)


@final
class Lanes(types.Type):
    """Numba's type of n floats that travel side by side."""

    def __init__(self, n: int) -> None:
        self.n = n
        super().__init__(name=f"Lanes({n})")


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, vector(lanes.n))


def vector(n: int) -> Any:
    """LLVM's type of n floats."""
    return ir.VectorType(FLOAT, n)


def broadcast(builder: Any, single: Any, n: int) -> Any:
    """A float in each of n lanes."""
    nothing = ir.Constant(vector(n), ir.Undefined)
    first = builder.insert_element(nothing, single, INT(0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(INT, n), None))


@intrinsic
def total(typing: Any, value: Any) -> Any:
    """The sum over the lanes, float32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(FLOAT, [FLOAT, vector(value.n)])
        name = f"llvm.vector.reduce.fadd.v{value.n}f32"
        add = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(add, [ir.Constant(FLOAT, -0.0), *arguments], fastmath=FAST)

    return types.float32(value), generate


@intrinsic
def _root(typing: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(vector(value.n), [vector(value.n)])
        name = f"llvm.sqrt.v{value.n}f32"
        root = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(root, arguments, fastmath=FAST)

    return value(value), generate


@overload(math.sqrt, strict=False)
def _typed_root(value: Any) -> Callable[..., Any] | None:
    return (lambda value: _root(value)) if isinstance(value, Lanes) else None


def _define(operation: Callable[..., Any], instruction: str) -> None:
    """Arithmetic between lanes, and between lanes and a number, which then is in every lane."""

    @intrinsic
    def apply(typing: Any, left: Any, right: Any) -> Any:
        lanes = left if isinstance(left, Lanes) else right

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            both = [
                value
                if kind == lanes
                else broadcast(builder, context.cast(builder, value, kind, types.float32), lanes.n)
                for kind, value in zip(signature.args, arguments, strict=True)
            ]
            return getattr(builder, instruction)(*both, flags=FAST)

        return lanes(left, right), generate

    @overload(operation, strict=False)
    def typed(left: Any, right: Any) -> Callable[..., Any] | None:
        if isinstance(left, Lanes) or isinstance(right, Lanes):
            return lambda left, right: apply(left, right)
        return None


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _define(_operation, _instruction)
