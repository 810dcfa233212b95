"""Compiled loops behind the scorers; only they import this module, and only when called.

Every score is summed in one order, whatever is scored beside it. Indices go through `uintp`:
they do not count from the end, and the compiler sees that rows of a panel do not overlap.
"""

from typing import Any

import numpy as np
from numba import uintp

from starcast.engines.compiled import serial
from starcast.scoring.panels import PANEL, STEP


@serial
def score_factor_pairs(user: Any, item: Any, user_rows: Any, item_rows: Any, scores: Any) -> None:
    """Set scores[n] = p · q + b_u + b_i.

    Args:
        user, item: float32 (n_rows, d + 1), factors and bias.
        user_rows, item_rows: int32 (n,).
        scores: float32 (n,).
    """
    check_rows(user_rows, len(user))
    check_rows(item_rows, len(item))
    d = user.shape[1] - 1
    for n in range(len(scores)):
        p, q = user[user_rows[n]], item[item_rows[n]]
        total = p[d] + q[d]
        for f in range(d):
            total += p[f] * q[f]
        scores[n] = total


@serial
def score_factor_catalogue(user: Any, panels: Any, user_rows: Any, scores: Any) -> None:
    """Set scores[n, i] = p · q + b_u + b_i for every item.

    Args:
        user: float32 (n_rows, d + 1), factors and bias; d is padded.
        panels: of the items, likewise.
        user_rows: int32 (n,).
        scores: float32 (n, n_items).
    """
    check_rows(user_rows, len(user))
    d = user.shape[1] - 1
    quads = _quads_of(user, user_rows)
    sums = np.empty(4 * PANEL, np.float32)
    for start in range(0, scores.shape[1], PANEL):
        panel = start * (d + 1)
        for first in range(0, len(user_rows), 4):
            n_users = min(4, len(user_rows) - first)
            for n in range(n_users):
                user_bias = user[user_rows[first + n], d]
                for i in range(PANEL):
                    sums[uintp(n * PANEL + i)] = user_bias + panels[uintp(panel + d * PANEL + i)]
            _add_products(quads, first * d, d, panels, panel, sums, 0)
            for n in range(n_users):
                into = scores[first + n, start : start + PANEL]
                for i in range(len(into)):
                    into[i] = sums[uintp(n * PANEL + i)]


@serial
def add_network_pairs(
    user: Any, item: Any, widths: Any, layers: Any, output: Any, user_rows: Any, item_rows: Any,
    scores: Any,
) -> None:  # fmt: skip
    """Add the output layer's share of the hidden layers to scores[n].

    Args:
        user, item: float32 (n_rows, widths[0]), their parts of the first layer before its ReLU.
        widths: int64 (depth,), padded widths of the hidden layers.
        layers: the hidden layers above the first, as `panels.dense` lays them out, end to end.
        output: float32 (widths[-1],), what the output layer takes of the last.
        user_rows, item_rows: int32 (n,).
        scores: float32 (n,).
    """
    check_rows(user_rows, len(user))
    check_rows(item_rows, len(item))
    values = np.zeros(widths.sum() * PANEL, np.float32)
    for start in range(0, len(scores), PANEL):
        into = scores[start : start + PANEL]
        for i in range(len(into)):
            p, q = user[user_rows[start + i]], item[item_rows[start + i]]
            for f in range(widths[0]):
                values[uintp(f * PANEL + i)] = _relu(p[f] + q[f])
        _add_output(output, values, _climb(widths, layers, values), into)


@serial
def add_network_catalogue(
    user: Any, panels: Any, widths: Any, layers: Any, output: Any, user_rows: Any, scores: Any
) -> None:
    """Add the output layer's share of the hidden layers to scores[n, i] for every item.

    Args:
        user, widths, layers, output: as in `add_network_pairs`.
        panels: of the items' parts of the first layer.
        user_rows: int32 (n,).
        scores: float32 (n, n_items).
    """
    check_rows(user_rows, len(user))
    values = np.empty(widths.sum() * PANEL, np.float32)
    for start in range(0, scores.shape[1], PANEL):  # a panel stays in the cache for all the users
        panel = start * widths[0]
        for n in range(len(user_rows)):
            row = user[user_rows[n]]
            for f in range(widths[0]):
                of_user, at = row[f], f * PANEL
                for i in range(PANEL):
                    values[uintp(at + i)] = _relu(of_user + panels[uintp(panel + at + i)])
            top = _climb(widths, layers, values)
            _add_output(output, values, top, scores[n, start : start + PANEL])


@serial
def draw_to_means(scores: Any, of_users: Any, of_items: Any, kinds: Any, shares: Any) -> None:
    """Add shares[kinds[n], i] of what is missing to of_users[n] + of_items[i].

    Args:
        scores: float32 (n, n_items); changed.
        of_users, of_items: float32 (n,) and (n_items,).
        kinds: int64 (n,), 0 or 1.
        shares: float32 (2, n_items).
    """
    for n in range(len(scores)):
        row, own, mean = scores[n], shares[kinds[n]], of_users[n]
        for i in range(len(row)):
            row[uintp(i)] += own[uintp(i)] * (mean + of_items[uintp(i)] - row[uintp(i)])


@serial
def check_rows(rows: Any, n: int) -> None:
    """A row outside its table would read foreign memory."""
    for row in rows:
        if row < 0 or row >= n:
            raise IndexError("a row lies outside its table")


@serial
def _relu(value: Any) -> Any:
    return np.float32(0) if value < np.float32(0) else value  # lets NaN through


@serial
def _quads_of(table: Any, rows: Any) -> Any:
    """Factors of chosen rows as quads, end to end; zeros fill the last."""
    d = table.shape[1] - 1
    quads = np.zeros((len(rows) + 3) // 4 * 4 * d, np.float32)
    for n in range(len(rows)):
        for f in range(d):
            quads[n // 4 * 4 * d + 4 * f + n % 4] = table[rows[n], f]
    return quads


@serial
def _climb(widths: Any, layers: Any, values: Any) -> Any:
    """Fill in the layers above the first, each one panel; returns where the last begins."""
    below = quads = 0
    for depth in range(len(widths) - 1):
        n_below, n_above = widths[depth], widths[depth + 1]
        above, biases = below + n_below * PANEL, quads + n_below * n_above
        for f in range(n_above):
            bias, at = layers[biases + f], above + f * PANEL
            for i in range(PANEL):
                values[uintp(at + i)] = bias
        for f in range(0, n_above, 4):
            at = above + f * PANEL
            _add_products(layers, quads + f * n_below, n_below, values, below, values, at)
            for i in range(4 * PANEL):
                values[uintp(at + i)] = _relu(values[uintp(at + i)])
        below, quads = above, biases + n_above
    return below


@serial
def _add_output(output: Any, values: Any, top: int, into: Any) -> None:
    for f in range(len(output)):
        weight, at = output[f], top + f * PANEL
        for i in range(len(into)):
            into[i] += weight * values[uintp(at + i)]


@serial
def _add_products(
    quads: Any, quad: int, n_features: int, values: Any, panel: int, sums: Any, at: int
) -> None:
    """Add a quad times a panel to four rows of sums; the loop that all the time goes into.

    Four sums stay in registers while `STEP` features go by: that is 4 · STEP products for STEP + 4
    numbers read and 4 written.

    Args:
        quads, quad: weights (n_features, 4) from `quad` on.
        values, panel: (n_features, PANEL) from `panel` on.
        sums, at: (4, PANEL) from `at` on.
    """
    for f in range(0, n_features, STEP):
        weight, value = quad + 4 * f, panel + f * PANEL
        for i in range(PANEL):
            a, b = sums[uintp(at + i)], sums[uintp(at + PANEL + i)]
            c, d = sums[uintp(at + 2 * PANEL + i)], sums[uintp(at + 3 * PANEL + i)]
            for g in range(STEP):
                x = values[uintp(value + g * PANEL + i)]
                a += quads[uintp(weight + 4 * g)] * x
                b += quads[uintp(weight + 4 * g + 1)] * x
                c += quads[uintp(weight + 4 * g + 2)] * x
                d += quads[uintp(weight + 4 * g + 3)] * x
            sums[uintp(at + i)], sums[uintp(at + PANEL + i)] = a, b
            sums[uintp(at + 2 * PANEL + i)], sums[uintp(at + 3 * PANEL + i)] = c, d
