"""How a batch moves weights, and which rows of a table.

Each of its rows is moved once, by the gradients of its ratings, as in the compiled loops: the
moments of rows that are not in it stay as they are. Where a batch has few of the rows, they are
found and moved alone; where it has most of them, all are looked at and those of the batch moved.
"""

from typing import Any, NamedTuple, Self

from keras import ops

from starcast.engines.keras.rules import RULES

Tensor = Any
_MANY = 4  # times the ratings of a batch are more rows than are all looked at


class Step(NamedTuple):
    """How a batch moves the weights.

    Attributes:
        rule: a name of `RULES`.
        rate: of this step, with Adam's corrections in it.
        penalty: λ.
        counts: float32 (batch_size,), 1 for each rating, 0 for what fills up the batch.
    """

    rule: str
    rate: Tensor
    penalty: float
    counts: Tensor

    def moved(self, planes: Tensor, slope: Tensor) -> Tensor:
        """Weights beside their moments, (m, 3, width), after a step by a gradient (m, width)."""
        beside = planes[:, 0], planes[:, 1], planes[:, 2]
        return ops.stack(RULES[self.rule](*beside, slope, self.rate), axis=1)


class Visited(NamedTuple):
    """The rows of a side that a batch moves.

    Attributes:
        planes: float32 (m, 3, width), rows beside their moments.
        slots: int32 (batch_size,), which of them is each rating's.
        rows: int32 (m,), where they stand in the table; None if they are all of it.
    """

    planes: Tensor
    slots: Tensor
    rows: Tensor | None

    @classmethod
    def of(cls, table: Tensor, rows: Tensor) -> Self:
        """Those that the ratings' rows (batch_size,) name."""
        batch_size, nobody = rows.shape[0], table.shape[0] - 1
        if nobody <= _MANY * batch_size:
            return cls(table, rows, None)
        order = ops.argsort(rows)
        ascending = ops.take(rows, order)
        is_next = ops.cast(ascending[1:] != ascending[:-1], "int32")
        places = ops.concatenate([ops.zeros((1,), "int32"), ops.cumsum(is_next)])
        slots = ops.scatter_update(ops.zeros_like(rows), order[:, None], places)
        spare = ops.full((batch_size,), nobody, "int32")
        distinct = ops.scatter_update(spare, slots[:, None], rows)
        return cls(ops.take(table, distinct, axis=0), slots, distinct)

    def each(self) -> Tensor:
        """Each rating's own row, (batch_size, width)."""
        return ops.take(self.planes[:, 0], self.slots, axis=0)

    def moved(self, table: Tensor, slopes: Tensor, step: Step) -> Tensor:
        """The table after a step by each rating's slope (batch_size, width)."""
        m = self.planes.shape[0]
        summed = ops.segment_sum(slopes, self.slots, num_segments=m)
        counts = ops.segment_sum(step.counts, self.slots, num_segments=m)
        slope = summed + step.penalty * counts[:, None] * self.planes[:, 0]
        is_visited = counts[:, None, None] > 0
        moved = ops.where(is_visited, step.moved(self.planes, slope), self.planes)
        if self.rows is None:
            return moved
        return ops.scatter_update(table, self.rows[:, None], moved)
