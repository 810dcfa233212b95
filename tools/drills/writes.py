"""A service that is killed (SIGKILL) while clients write ratings into its store."""

from drills.kills import MODEL, RATINGS, prepared, run
from drills.tally import Tally

_ADDRESS = "sqlite:///{place}/store.db"
_WRITES_PER_KILL = 200


def killed_while_writing(tally: Tally) -> None:
    """Whatever was acknowledged is in the store, however often the service was killed."""
    from writing_clients import kill_while_writing

    prepared(tally.place)
    address = _ADDRESS.format(place=tally.place)
    for arguments in (("init", address), ("import", address, RATINGS)):
        done = run(tally.place, ("store", *arguments))
        if done.returncode:
            raise RuntimeError(done.stderr)
    n_kills = max(1, tally.most // _WRITES_PER_KILL)
    items = [f"item-{n}" for n in range(50)]
    n, lost = kill_while_writing(
        tally.place / MODEL, address, items, n_kills=n_kills, n_writes=tally.most, seed=tally.seed
    )
    tally.count("", n)
    tally.failures += lost
    tally.notes.append(f"killed {n_kills} times")
