"""Mult-VAE and RecVAE in PyTorch, to be measured beside: `strong_generalisation.py` trains them.

Both code a user's items by a Gaussian in a few dimensions and decode it into a multinomial over all
items. Sizes, rates and weights are the papers'.

Sources: Liang, Krishnan, Hoffman, Jebara 2018 (Mult-VAE); Shenbin, Alekseev, Tutubalina, Malykh,
Nikolenko 2020 (RecVAE). Deviation: batches of 250 users in the place of 500, for a set with a
twentieth of the users.
"""

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from starcast.data.ratings import Ratings

HIDDEN, LATENT = 600, 200
BATCH = 250  # users
DROPPED = 0.5  # share of a user's items that the encoder does not see
MULT_RATE, REC_RATE = 1e-3, 5e-4
MULT_WEIGHT, MULT_STEPS = 0.2, 2000  # of the divergence at most, and steps until it is reached
REC_WEIGHT = 0.005  # γ: of the divergence, per item of the user
MIXTURE = (3 / 20, 3 / 4, 1 / 10)  # of the prior: standard, the encoder before, a wide one
WIDE = 10.0  # log variance of the wide one
ENCODER_PASSES = 3  # to one of the decoder
PATIENCE = 25  # epochs without a better validation figure

Scores = NDArray[np.float32]
Validate = Callable[[Callable[[Ratings], Scores]], float]


class Trained(NamedTuple):
    """What training came to.

    Attributes:
        score: scores (n_users, n_items) of people known by ratings.
        words: how long it took, and what was best.
    """

    score: Callable[[Ratings], Scores]
    words: str


def matrix(ratings: Ratings) -> Any:
    """1 where a user has an item; float32 (n_users, n_items)."""
    found = torch.zeros(ratings.n_users, ratings.n_items)
    found[
        torch.from_numpy(ratings.user_rows).long(), torch.from_numpy(ratings.item_rows).long()
    ] = 1
    return found


class MultVae(nn.Module):  # type: ignore[misc]  # torch is not here
    """One hidden layer on either side, tanh; the divergence counts more and more."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(n_items, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 2 * LATENT)
        )
        self.decoder = nn.Sequential(
            nn.Linear(LATENT, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, n_items)
        )
        for layer in (*self.encoder[::2], *self.decoder[::2]):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.trunc_normal_(layer.bias, std=0.001)
        self._optimizer = torch.optim.Adam(self.parameters(), MULT_RATE)
        self._steps = 0

    def forward(self, items: Any) -> Any:
        """Scores of every item from the middle of the code."""
        return self.decoder(self.encoder(functional.normalize(items))[:, :LATENT])

    def run_epoch(self, items: Any) -> None:
        """Every user once."""
        for batch in batches(items):
            self._steps += 1
            code = self.encoder(functional.dropout(functional.normalize(batch), DROPPED))
            mean, log_variance = code.chunk(2, dim=1)
            scores = self.decoder(drawn(mean, log_variance))
            divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
            weight = MULT_WEIGHT * min(self._steps / MULT_STEPS, 1)
            step(self._optimizer, misfit(scores, batch) + weight * divergence)


class RecEncoder(nn.Module):  # type: ignore[misc]  # torch is not here
    """Five dense layers, each fed with the sum of all before it."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(n, HIDDEN) for n in (n_items, *[HIDDEN] * 4))
        self.norms = nn.ModuleList(nn.LayerNorm(HIDDEN, eps=0.1) for _ in self.layers)
        self.mean, self.log_variance = nn.Linear(HIDDEN, LATENT), nn.Linear(HIDDEN, LATENT)

    def forward(self, items: Any, dropped: float) -> Any:
        """Means and log variances of codes."""
        below = functional.dropout(functional.normalize(items), dropped)
        total: Any = 0
        for layer, norm in zip(self.layers, self.norms, strict=True):
            below = norm(functional.silu(layer(below) + total))
            total = total + below
        return self.mean(below), self.log_variance(below)


class RecVae(nn.Module):  # type: ignore[misc]  # torch is not here
    """A deep encoder and a linear decoder, trained by turns; the prior knows the last encoder."""

    def __init__(self, n_items: int) -> None:
        super().__init__()
        self.encoder, self.decoder = RecEncoder(n_items), nn.Linear(LATENT, n_items)
        self._before = copy.deepcopy(self.encoder).requires_grad_(False)
        self._of_encoder = torch.optim.Adam(self.encoder.parameters(), REC_RATE)
        self._of_decoder = torch.optim.Adam(self.decoder.parameters(), REC_RATE)

    def forward(self, items: Any) -> Any:
        """Scores of every item from the middle of the code."""
        return self.decoder(self.encoder(items, 0.0)[0])

    def run_epoch(self, items: Any) -> None:
        """Every user three times for the encoder and once for the decoder."""
        for _ in range(ENCODER_PASSES):
            for batch in batches(items):
                step(self._of_encoder, self._loss(batch, DROPPED))
        self._before.load_state_dict(self.encoder.state_dict())
        for batch in batches(items):
            with torch.no_grad():
                code = drawn(*self.encoder(batch, 0.0))
            step(self._of_decoder, misfit(self.decoder(code), batch))

    def _loss(self, batch: Any, dropped: float) -> Any:
        mean, log_variance = self.encoder(batch, dropped)
        code = drawn(mean, log_variance)
        with torch.no_grad():
            before = self._before(batch, 0.0)
        standard = torch.zeros_like(mean)
        parts = [(standard, standard), before, (standard, standard + WIDE)]
        prior = torch.logsumexp(
            torch.stack([log_density(code, *part) + math.log(share)
                         for part, share in zip(parts, MIXTURE, strict=True)]), dim=0
        )  # fmt: skip
        divergence = (log_density(code, mean, log_variance) - prior).sum(1)
        return misfit(self.decoder(code), batch) + (REC_WEIGHT * batch.sum(1) * divergence).mean()


def train(model: Any, items: Any, validate: Validate, tell: Callable[[str], None]) -> Trained:
    """Train until validation has not improved for `PATIENCE` epochs; the best weights are kept."""

    def score(known: Ratings) -> Scores:
        with torch.inference_mode():
            return np.asarray(model(matrix(known)).numpy())

    best, best_epoch, epoch, weights = 0.0, 0, 0, copy.deepcopy(model.state_dict())
    while epoch < best_epoch + PATIENCE:
        epoch += 1
        model.run_epoch(items)
        if (found := validate(score)) > best:
            best, best_epoch, weights = found, epoch, copy.deepcopy(model.state_dict())
        tell(f"{type(model).__name__}: epoch {epoch}, {found:.4f}, best {best:.4f}")
    model.load_state_dict(weights)
    return Trained(score, f"best epoch {best_epoch} of {epoch}")


def batches(items: Any) -> Iterator[Any]:
    """All users in a random order, `BATCH` at a time."""
    return iter(torch.split(items[torch.randperm(len(items))], BATCH))


def drawn(mean: Any, log_variance: Any) -> Any:
    """A draw of each code."""
    return mean + torch.randn_like(mean) * (0.5 * log_variance).exp()


def log_density(code: Any, mean: Any, log_variance: Any) -> Any:
    """Of independent Gaussians, per dimension."""
    squared = (code - mean) ** 2 / log_variance.exp()
    return -0.5 * (log_variance + math.log(2 * math.pi) + squared)


def misfit(scores: Any, items: Any) -> Any:
    """Mean over users of the multinomial's negative log likelihood."""
    return -(functional.log_softmax(scores, dim=1) * items).sum(1).mean()


def step(optimizer: Any, loss: Any) -> None:
    """One step down."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
