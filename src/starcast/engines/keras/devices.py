"""Several devices side by side: each has all the weights, and a part of every batch."""

from typing import Any, Self, final

from keras import distribution

Tensor = Any


@final
class Devices:
    """Where an epoch runs.

    Args:
        layouts: of what is shared out along its first axis, and of what is everywhere; None for
            a single device, which the backend chooses.
    """

    def __init__(self, layouts: Any = None) -> None:
        self._layouts = layouts

    @classmethod
    def of(cls, n: int) -> Self:
        """The first n devices; `require_keras` has seen to it that they are there."""
        if n == 1:
            return cls()
        mesh = distribution.DeviceMesh((n,), ["batch"], distribution.list_devices()[:n])
        return cls(lambda axes: distribution.TensorLayout(axes, mesh))

    def shared_out(self, tensor: Tensor) -> Tensor:
        """A part of it for each device, along the first axis."""
        return self._laid_out(tensor, "batch")

    def everywhere(self, tensor: Tensor) -> Tensor:
        """All of it for each device."""
        return self._laid_out(tensor, None)

    def _laid_out(self, tensor: Tensor, first: str | None) -> Tensor:
        if self._layouts is None:
            return tensor
        axes = [first, *[None] * (len(tensor.shape) - 1)] if len(tensor.shape) else []
        return distribution.distribute_tensor(tensor, self._layouts(axes))
