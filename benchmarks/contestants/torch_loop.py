"""The networks in PyTorch, eagerly: nn.Embedding, nn.Linear, Adam, and a loop over batches."""

from itertools import pairwise
from typing import Any

from benchmarks.stage import SEED, known, read, some_rows
from benchmarks.worker import Outcome, Round, clocked, peak_memory

_HIDDEN = (64, 32, 16, 8)


def epoch(
    data: str,
    network: str,
    dimension: int,
    batch_size: int,
    threads: int,
    n_rows: int | None = None,
) -> Round:
    """An epoch over the training and validation rows, seconds per rating.

    The tables are dense and the optimizer is Adam(fused=True): of dense, fused and SparseAdam the
    quickest for either network and batch size when it was tried on ML-1M.

    Args:
        data: the folder of a split.
        network: "deep" or "ensemble".
        dimension: of the embeddings.
        batch_size: of the loop.
        threads: for one operation.
        n_rows: so many random rows, with the tables of all; every row if not given.
    """
    import torch

    rows = some_rows(known(read(data)), n_rows)
    model = _network(network, rows.n_users, rows.n_items, dimension, threads)
    optimizer = torch.optim.Adam(model.parameters(), 0.001, fused=True)
    columns = (rows.user_rows, rows.item_rows, rows.stars)
    users, items, stars = (torch.from_numpy(column) for column in columns)
    loss = torch.nn.functional.mse_loss

    def loop() -> None:
        order = torch.randperm(len(stars))
        for start in range(0, len(stars), batch_size):
            batch = order[start : start + batch_size]
            optimizer.zero_grad()
            loss(model(users[batch], items[batch]), stars[batch]).backward()
            optimizer.step()

    def run() -> Outcome:
        return {"time": clocked(loop, len(rows)), "peak GB": peak_memory()}

    return run


def pairs(data: str, network: str, dimension: int, threads: int) -> Round:
    """Predictions of the test rows in one go, seconds per pair."""
    import torch

    test = read(data).test
    model = _network(network, test.n_users, test.n_items, dimension, threads)
    users, items = torch.from_numpy(test.user_rows), torch.from_numpy(test.item_rows)

    def predict() -> None:
        with torch.inference_mode():
            model(users, items)

    predict()
    return lambda: {"time": clocked(predict, len(test))}


def _network(name: str, n_users: int, n_items: int, dimension: int, threads: int) -> Any:
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(SEED)

    def tables(width: int) -> nn.ModuleList:
        return nn.ModuleList([nn.Embedding(n_users, width), nn.Embedding(n_items, width)])

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            widths = (2 * dimension, *_HIDDEN)
            layers = [
                layer
                for below, above in pairwise(widths)
                for layer in (nn.Linear(below, above), nn.ReLU())
            ]
            self.embedding, self.hidden = tables(dimension), nn.Sequential(*layers)
            joined = _HIDDEN[-1]
            if name == "ensemble":
                self.factors, self.bias = tables(dimension), tables(1)
                joined += dimension + 2
            self.output = nn.Linear(joined, 1)

        def forward(self, users: Any, items: Any) -> Any:
            user, item = (
                table(row) for table, row in zip(self.embedding, (users, items), strict=True)
            )
            values = self.hidden(torch.cat([user, item], 1))
            if name == "ensemble":
                product = self.factors[0](users) * self.factors[1](items)
                biases = self.bias[0](users), self.bias[1](items)
                values = torch.cat([product, *biases, values], 1)
            return self.output(values)[:, 0]

    return Network()
