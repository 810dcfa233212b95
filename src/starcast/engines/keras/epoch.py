"""A pass over the ratings as one program: it goes back to Python when it is over.

What it does is fixed by the `Plan`; weights, data and course come anew.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from starcast.engines.expression import Expression
from starcast.engines.keras.batch import Here, Rated, Told
from starcast.engines.keras.dropout import Dropout, Places
from starcast.engines.keras.losses import Loss
from starcast.engines.keras.operations import evaluate
from starcast.engines.keras.steps import Step, Visited
from starcast.engines.keras.tables import SHARED, Arrays, Packing

Tensor = Any


class Course(NamedTuple):
    """What an epoch goes by.

    Attributes:
        starts: int32 (n // run,), where the runs of neighbours begin, in the order of visits.
        rates: float32 (n_batches,), of each step.
        seed: uint32, of this epoch's dropout.
    """

    starts: Tensor
    rates: Tensor
    seed: Tensor


class Plan(NamedTuple):
    """What does not change from epoch to epoch.

    Attributes:
        network: what is trained.
        loss: what is lowered.
        packing: where its weights lie.
        n: ratings.
        run: of neighbours that are visited one after the other.
        batch_size: ratings of a step.
        rule: a name of `RULES`.
        penalty: λ.
        dtype: that the network computes in.
        backend: `on_jax` or `on_tensorflow`.
        devices: over which a batch is shared out.
    """

    network: Expression
    loss: Loss
    packing: Packing
    n: int
    run: int
    batch_size: int
    rule: str
    penalty: float
    dtype: str
    backend: Any
    devices: Any

    @property
    def n_batches(self) -> int:
        """Steps of an epoch."""
        return -(-self.n // self.batch_size)


def program(plan: Plan) -> Callable[[Arrays, Told, Course], tuple[Arrays, Tensor]]:
    """What an epoch does: weights, the data and the course to weights, and of each batch, before
    it, Σ error², Σ of the squared norms of its ratings' rows and Σ of losses, float32 (n_batches,
    3)."""

    def run(arrays: Arrays, told: Told, course: Course) -> tuple[Arrays, Tensor]:
        order = _order(plan, course.starts)

        def visit(batch: Tensor, state: tuple[Arrays, Tensor]) -> tuple[Arrays, Tensor]:
            arrays, sums = state
            picks = plan.devices.shared_out(ops.take(order, batch, axis=0))
            arrays, found = _visit(plan, arrays, told, picks, course, batch)
            return arrays, ops.slice_update(sums, (batch, 0), found[None])

        nothing = ops.zeros((plan.n_batches, 3), "float32")
        return ops.fori_loop(0, plan.n_batches, visit, (arrays, nothing))

    return run


def _order(plan: Plan, starts: Tensor) -> Tensor:
    """Every rating once, and nobody's at the end, int32 (n_batches, batch_size)."""
    runs = ops.reshape(starts[:, None] + ops.arange(plan.run, dtype="int32"), (-1,))
    alone = ops.arange(plan.n // plan.run * plan.run, plan.n, dtype="int32")
    nobody = ops.full((plan.n_batches * plan.batch_size - plan.n,), plan.n, "int32")
    return ops.reshape(ops.concatenate([runs, alone, nobody]), (plan.n_batches, plan.batch_size))


def _visit(
    plan: Plan, arrays: Arrays, told: Told, picks: Tensor, course: Course, batch: Tensor
) -> tuple[Arrays, Tensor]:
    """One step on the ratings picked; what it finds of them before it."""
    rated = Rated(*(ops.take(column, picks, axis=0) for column in told.rated))
    user, item = Visited.of(arrays.user, rated.users), Visited.of(arrays.item, rated.items)
    of_user = ops.take(told.given.user, rated.users, axis=0)
    of_item = ops.take(told.given.item, rated.items, axis=0)
    counts = ops.cast(picks < plan.n, "float32")
    dropout = Dropout(_places(plan, batch), course.seed, batch)
    here = Here(rated, of_user, of_item, told.pools, counts, dropout)

    def lost(*weights: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, dict[str, Tensor]]]:
        """What has the gradient of the loss, though not its value; beside it that value."""
        values, averages = _evaluated(plan, weights, here)
        reads = ops.cast(values[plan.loss.reads], "float32")
        each, slope = plan.loss.of(ops.stop_gradient(reads), rated.stars)
        turned = ops.sum(ops.reshape(slope * reads, (counts.shape[0], -1)), axis=1) * counts
        error = ops.cast(values[plan.network], "float32") - rated.stars
        sums = ops.sum(ops.square(error * counts)), ops.sum(each * counts)
        return ops.sum(turned), (*sums, averages)

    own = user.each(), item.each()
    shared = arrays.shared[:, 0]
    (squared, losses, averages), slopes = plan.backend.with_gradient(lost, *own, shared)
    norms = sum(ops.sum(counts * ops.sum(ops.square(rows), axis=1)) for rows in own)
    step = Step(plan.rule, ops.take(course.rates, batch), plan.penalty, counts)
    moved = Arrays(
        user.moved(arrays.user, slopes[0], step),
        item.moved(arrays.item, slopes[1], step),
        _with_averages(plan, step.moved(arrays.shared, slopes[2] * plan.packing.moving), averages),
    )
    return Arrays(*map(plan.devices.everywhere, moved)), ops.stack([squared, norms, losses])


def _places(plan: Plan, batch: Tensor) -> Places:
    """Of a batch's ratings; the last may have fewer of them."""
    full = Places.of(plan.batch_size, plan.batch_size)
    last = Places.of(plan.n - (plan.n_batches - 1) * plan.batch_size, plan.batch_size)
    is_last = ops.equal(batch, plan.n_batches - 1)
    return Places(*(ops.where(is_last, b, a) for a, b in zip(full, last, strict=True)))


def _evaluated(
    plan: Plan, weights: tuple[Tensor, ...], here: Here
) -> tuple[dict[Expression, Tensor], dict[str, Tensor]]:
    """What the parts of the network come to, from each rating's rows and all other weights (1, n),
    and where running averages move to."""
    packing, averages = plan.packing, {}
    exact = _named(packing, weights[2])
    besides = here.besides(plan.network, exact)
    user, item, shared = (ops.cast(one, plan.dtype) for one in weights)
    of_user, of_item = (ops.cast(one, plan.dtype) for one in (here.of_user, here.of_item))

    def moments(part: Expression, values: Tensor) -> tuple[Tensor, Tensor]:
        found, momentum = here.moments(values), part.numbers[1]
        for name, one in zip(part.weights[2:], found, strict=True):
            averages[name] = momentum * exact[name] + (1 - momentum) * one
        mean, variance = (ops.cast(one, plan.dtype) for one in found)
        return mean, variance

    values = evaluate(
        plan.network,
        _named(packing, shared),
        packing.rows("user", user, of_user, ops.reshape)
        | packing.rows("item", item, of_item, ops.reshape),
        {part: ops.cast(value, plan.dtype) for part, value in besides.items()},
        dtype=plan.dtype,
        dropout=here.dropout.of,
        moments=moments,
    )
    return values, averages


def _named(packing: Packing, shared: Tensor) -> dict[str, Tensor]:
    """Weights that are shared, (1, n), by name."""
    return {name: part[0] for name, part in packing.named(SHARED, shared, ops.reshape).items()}


def _with_averages(plan: Plan, planes: Tensor, averages: dict[str, Tensor]) -> Tensor:
    """All weights that are no tables, (1, 3, n), with running averages where they move to."""
    if not averages:
        return planes
    own = plan.packing.named(SHARED, planes[:, 0], ops.reshape)
    flat = [ops.reshape(averages.get(name, part), (1, -1)) for name, part in own.items()]
    return ops.stack([ops.concatenate(flat, axis=1), planes[:, 1], planes[:, 2]], axis=1)
