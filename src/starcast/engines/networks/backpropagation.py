"""The ReLU layers of a network, forwards and backwards, over a chunk of ratings at once.

All the values of a chunk lie end to end in one array, layer upon layer, and so do all the dense
weights: a stack of any depth is one pair of loops. Matrix products go to BLAS.

Source: Rumelhart, Hinton, Williams 1986 (backpropagation); Srivastava et al. 2014, section 10
(dropout, scaled in training).
"""

from typing import Any

import numpy as np

from starcast.engines.compiled import serial
from starcast.engines.networks.chunks import hashed, limit


@serial
def matrix(flat: Any, start: int, n_rows: int, n_columns: int) -> Any:
    """A matrix that lies in an array; a view."""
    return flat[start : start + n_rows * n_columns].reshape(n_rows, n_columns)


@serial
def forward(stack: Any, dense: Any, values: Any, n: int, dropout: Any, seed: Any) -> Any:
    """Fill in the layers above the first.

    Args:
        stack: int64 (depth + 1,), widths of h_0 to the last hidden layer.
        dense: float32 (n_dense,), kernel and bias of each layer, end to end.
        values: float32, n · Σ widths or more; holds h_0 (n, width) and takes h_1, h_2, …
        n: ratings in the chunk.
        dropout: share of a hidden layer's values that the next one does not see; 0 for none.
        seed: uint32, of this chunk's dropout.
    Returns: where the last layer begins in `values`, and where the weights above it in `dense`.
    """
    at = weights = 0
    for layer in range(len(stack) - 1):
        below, above = stack[layer], stack[layer + 1]
        inputs, at = matrix(values, at, n, below), at + n * below
        outputs = matrix(values, at, n, above)
        np.dot(inputs, matrix(dense, weights, below, above), outputs)
        weights += below * above
        _add_and_cut(outputs, dense[weights : weights + above])
        weights += above
        # Neither the embeddings, which λ holds, nor the last layer, whose noise the prediction
        # would show: at rate 0.5 on ML-1M that costs the deep network 0.015 RMSE.
        if dropout > 0 and layer < len(stack) - 2:
            _drop(outputs, dropout, seed + np.uint32(layer))
    return at, weights


@serial
def backward(
    stack: Any, dense: Any, values: Any, slopes: Any, gradient: Any, n: int, dropout: Any
) -> None:
    """Carry the slope of the objective from the last layer down to h_0.

    Args:
        stack, dense, values, n, dropout: as `forward` had them; `values` as it left them.
        slopes: float32, laid out as `values`; holds the last layer's slope and takes the others.
        gradient: float32 (n_dense,); takes the gradient of kernels and biases.
    """
    at = weights = 0
    for layer in range(len(stack) - 1):
        at += n * stack[layer]
        weights += (stack[layer] + 1) * stack[layer + 1]
    for layer in range(len(stack) - 2, -1, -1):
        below, above = stack[layer], stack[layer + 1]
        outputs, slope = matrix(values, at, n, above), matrix(slopes, at, n, above)
        at -= n * below
        weights -= below * above + above
        bias = weights + below * above
        is_dropped = dropout > 0 and layer < len(stack) - 2
        scale = np.float32(1 / (1 - dropout)) if is_dropped else np.float32(1)
        _mask_and_sum(slope, outputs, scale, gradient[bias : bias + above])
        inputs, kernel = matrix(values, at, n, below), matrix(dense, weights, below, above)
        np.dot(inputs.T, slope, matrix(gradient, weights, below, above))
        np.dot(slope, kernel.T, matrix(slopes, at, n, below))


@serial
def _add_and_cut(outputs: Any, bias: Any) -> None:
    """ReLU(outputs + bias), in place."""
    zero = np.float32(0)
    for n in range(outputs.shape[0]):
        for f in range(outputs.shape[1]):
            value = outputs[n, f] + bias[f]
            outputs[n, f] = zero if value < zero else value  # lets NaN through


@serial
def _drop(outputs: Any, rate: Any, seed: Any) -> None:
    """Zero a random share and scale up the rest, in place."""
    scale, least = np.float32(1 / (1 - rate)), limit(rate)
    flat = outputs.reshape(outputs.size)
    for n in range(len(flat)):
        flat[n] = np.float32(0) if hashed(np.uint32(n), seed) < least else flat[n] * scale


@serial
def _mask_and_sum(slope: Any, outputs: Any, scale: Any, of_bias: Any) -> None:
    """Stop the slope where ReLU or dropout gave 0; sum it up for the bias."""
    of_bias[:] = 0
    for n in range(slope.shape[0]):
        for f in range(slope.shape[1]):
            passed = scale * slope[n, f] if outputs[n, f] != 0 else np.float32(0)
            slope[n, f] = passed
            of_bias[f] += passed
