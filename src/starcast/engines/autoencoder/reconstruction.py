"""What an item autoencoder minimises: how badly codes made of ratings give them back.

Source: Sedhain, Menon, Sanner, Xie 2015, eq. 2 and 3 (I-AutoRec). Deviations: ratings go in
standardised and raised by a constant, since raw ones train slowly, and come out above the mean; a
user's weights are penalised by the root of the number of ratings behind them, all else by nothing.
"""

import math
from dataclasses import replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from starcast.data.ratings import Ratings
from starcast.engines.autoencoder.products import Decoder, predict_and_slope, summed_rows
from starcast.engines.rows import SparseRows, sorting
from starcast.engines.settings import LbfgsSettings

Flat = NDArray[np.float32]
Arrays = dict[str, NDArray[np.float32]]


@final
class Reconstruction:
    """½ Σ (r - r̂)² + ½ λ Σ_u √n_u (κ ‖v_u‖² + ‖w_u‖²) over the training ratings, and its gradient.

    Args:
        train: the training rows.
        config: `dimension` is h, the width of a code; `regularization_factor` λ, `input_penalty`
            κ; a rating goes in `presence` standard deviations above what it says.

    Attributes:
        mean: μ, of the ratings.
        size: number of weights.
    """

    def __init__(self, train: Ratings, config: LbfgsSettings) -> None:
        n_users, width = train.n_users, config.dimension
        self._shapes = {
            "input_kernel": (n_users, width), "input_bias": (width,),
            "output_kernel": (n_users, width), "output_bias": (n_users,),
        }  # fmt: skip
        self.size = sum(math.prod(shape) for shape in self._shapes.values())
        n_rated = np.bincount(train.user_rows, minlength=n_users)
        self._pull = np.float32(config.regularization_factor) * np.sqrt(n_rated, dtype=np.float32)
        self.mean = np.float32(train.stars.mean(dtype=np.float64))
        above = train.stars - self.mean
        inputs = above / (above.std() or np.float32(1)) + np.float32(config.presence)
        of_users = replace(SparseRows.by_user(train), values=inputs)
        self._inputs_of_users = of_users.shared()
        self._inputs_of_items = of_users.transposed().shared()
        self._targets = self._inputs_of_users._replace(values=above)
        self._errors = self._inputs_of_items._replace(values=np.empty_like(above))
        self._places = np.empty(len(train), np.int64)
        self._places[sorting(train.item_rows, train.n_items)] = np.arange(len(train))
        self._penalties = {
            "input_kernel": np.float32(config.input_penalty), "output_kernel": np.float32(1),
        }  # fmt: skip
        self._codes, self._slopes = np.empty((2, train.n_items, width), np.float32)

    def named(self, flat: Flat) -> Arrays:
        """Weights (size,) by name: views."""
        ends = np.cumsum([math.prod(shape) for shape in self._shapes.values()])
        parts = zip(self._shapes.items(), np.split(flat, ends[:-1]), strict=True)
        return {name: part.reshape(shape) for (name, shape), part in parts}

    def codes(self, weights: Flat) -> NDArray[np.float32]:
        """Every item's code, sigmoid(a + Σ_u x_ui v_u); float32 (n_items, h), used again."""
        named, codes = self.named(weights), self._codes
        summed_rows(self._inputs_of_items, named["input_kernel"], codes)
        codes += named["input_bias"]
        with np.errstate(over="ignore"):  # far below zero a sigmoid is zero
            np.exp(np.negative(codes, out=codes), out=codes)
        codes += 1
        return np.reciprocal(codes, out=codes)

    def __call__(self, weights: Flat, gradient: Flat) -> float:
        """The value at weights (size,); their gradient (size,) is written."""
        named, slope, codes = self.named(weights), self.named(gradient), self.codes(weights)
        squares = predict_and_slope(
            self._targets,
            self._places,
            Decoder(named["output_kernel"], named["output_bias"]),
            codes,
            self._errors.values,
            Decoder(slope["output_kernel"], slope["output_bias"]),
        )
        slopes = self._slopes
        summed_rows(self._errors, named["output_kernel"], slopes)
        slopes *= codes * (1 - codes)
        slope["input_bias"][:] = slopes.sum(axis=0)
        summed_rows(self._inputs_of_users, slopes, slope["input_kernel"])
        for name, times in self._penalties.items():
            slope[name] += (times * self._pull)[:, np.newaxis] * named[name]
        return 0.5 * float(squares.sum()) + self.penalty(weights)

    def penalty(self, weights: Flat) -> float:
        """½ λ Σ_u √n_u (κ ‖v_u‖² + ‖w_u‖²)."""
        named = self.named(weights)
        squares = [
            times * np.einsum("nh,nh->n", named[name], named[name])
            for name, times in self._penalties.items()
        ]
        return 0.5 * float(np.sum(self._pull * np.sum(squares, axis=0), dtype=np.float64))
